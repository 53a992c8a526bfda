"""Path parameters and the If-Match header, bounded before anything uses them."""

import re
from collections.abc import Mapping

from runtime.problems import FieldError, InvalidRequest, NotFound

PARAMETER = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
"""What a path's parameter is made of."""
ENTITY_TAG = '(?:W/)?"([1-9][0-9]{0,15})"'
"""The revision as an entity tag."""

_PARAMETER = re.compile(PARAMETER)
_ENTITY_TAG = re.compile(ENTITY_TAG)


def parameters(path: Mapping[str, str]) -> Mapping[str, str]:
    """Return the path's parameters.

    Raises
    ------
    NotFound
        One is not of the alphabet of ids: there can be nothing by that name, and nothing that
        is put into a key can leave its place in the key.
    """
    for name, value in path.items():
        if not _PARAMETER.fullmatch(value):
            raise NotFound(f"there is nothing by that {name}")
    return path


def if_match(headers: Mapping[str, str]) -> int | None:
    """Return the revision that the caller expects, or None if it does not say.

    Raises
    ------
    InvalidRequest
        The header is not an entity tag that this API gives out.
    """
    header = headers.get("if-match", "*").strip()
    if header == "*":
        return None
    tag = _ENTITY_TAG.fullmatch(header)
    if tag is None:
        raise InvalidRequest(
            'If-Match takes the ETag of an earlier answer, such as "3"',
            errors=[FieldError("If-Match", "not an entity tag of this API")],
        )
    return int(tag[1])
