"""Values that several payloads share: bounded texts, counts and times."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

_RFC3339 = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _utc(value: object) -> datetime:
    """Return `value`, an aware datetime or its RFC 3339 text, in UTC."""
    if type(value) is datetime and value.tzinfo is UTC:  # as our own clock gives it
        return value
    if isinstance(value, str):
        if not re.fullmatch(_RFC3339, value):
            raise ValueError("is not an RFC 3339 time with an offset")
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError("is not a time with an offset")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


Timestamp = Annotated[datetime, BeforeValidator(_utc)]
"""A moment: read from RFC 3339 text with any offset, kept in UTC, written with ``Z``."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""What a person or a product is called."""

FileName = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\]{1,200}$")
]
"""What a person calls a file: no path, no control characters."""

Email = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$",
    ),
]
"""An e-mail address: ASCII, with a dotted domain. Only a mail that arrives proves more."""

Reason = Annotated[str, Field(min_length=1, max_length=200)]
"""Why something was done, in a few words."""

CODE = "^[A-Z][A-Z_]{0,39}$"
Code = Annotated[str, Field(pattern=CODE)]
"""A word for programs, of a set that may grow: its reader says what it does with a new one."""

Quantity = Annotated[int, Field(strict=True, ge=1, le=10_000)]
"""How many of a thing are ordered."""

Revision = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
"""An entity's version: grows by one with each change, exact in every JSON parser."""
