"""How long a picture's processors are waited for."""

from datetime import timedelta

from runtime.settings import read_number


def patience() -> timedelta:
    """Return the time that the settings give them."""
    return timedelta(seconds=read_number("PROCESSING_SECONDS", least=1, most=99_999))
