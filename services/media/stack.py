"""The stack of the media service."""

from infra.constructs.service_stack import ServiceStack


class MediaStack(ServiceStack):
    """Its table, ready for the service's functions."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        self.table()
