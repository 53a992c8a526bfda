"""How long a picture's processors are waited for."""

import re
from datetime import timedelta

from runtime.settings import read


def patience() -> timedelta:
    """Return the time that the settings give them."""
    return timedelta(seconds=int(read("PROCESSING_SECONDS", re.compile("[1-9][0-9]{0,4}"))))
