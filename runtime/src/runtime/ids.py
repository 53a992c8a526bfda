"""New ids: ULIDs, so that they sort by time of making."""

import os
import time
from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_RANDOM_BYTES = 10


def new_ulid() -> str:
    """Return a new ULID: 48 bits of Unix time in milliseconds, 80 random ones, in base 32."""
    milliseconds = time.time_ns() // 1_000_000
    return _ulid(milliseconds, int.from_bytes(os.urandom(_RANDOM_BYTES), "big"))


def first_ulid(at: datetime) -> str:
    """Return the lowest ULID of a moment: those that are made from then on are no lower."""
    return _ulid(int(at.timestamp() * 1000), 0)


def new_id(prefix: str) -> str:
    """Return a new entity id, such as ``ord_01J…``.

    Parameters
    ----------
    prefix
        The kind of entity, without the underscore.
    """
    return f"{prefix}_{new_ulid()}"


def _ulid(milliseconds: int, random: int) -> str:
    number = milliseconds << 8 * _RANDOM_BYTES | random
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
