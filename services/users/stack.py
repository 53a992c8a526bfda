"""The stack of the users service."""

from infra.constructs.service_stack import ServiceStack


class UsersStack(ServiceStack):
    """Users and their events."""

    def build(self) -> None:
        """Add what the functions do not say themselves."""
        table = self.table()
        self.publisher(table)
        self.rest_api(reads=table, writes=table)
        self.reactions(writes=table)
