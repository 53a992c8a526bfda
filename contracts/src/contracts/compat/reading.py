"""Schema files: read within bounds."""

import json
import math
from typing import Any, Final

from contracts.limits import TooDeep, require_shallow

Schema = Any
"""A JSON Schema: an object or a boolean."""

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64


class BadSchema(ValueError):
    """A schema that cannot be compared: no JSON, no schema, too large, or not self-contained."""


def parse(text: str, max_bytes: int = MAX_BYTES) -> Schema:
    """Return the JSON document that `text` is.

    Parameters
    ----------
    text
        The text.
    max_bytes
        How large it may be.

    Raises
    ------
    BadSchema
        It is too large, too deep or not JSON.
    """
    if len(text.encode(errors="surrogatepass")) > max_bytes:
        raise BadSchema(f"is larger than {max_bytes} bytes")
    try:
        require_shallow(text, MAX_DEPTH)
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except TooDeep as error:
        raise BadSchema(f"is {error}") from None
    except ValueError as error:
        raise BadSchema(f"is not JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number
