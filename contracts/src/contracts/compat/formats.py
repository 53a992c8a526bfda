"""What the formats that are checked say of a text, as patterns.

They are the standards' (RFC 3339, 4122, 2673, 3986). The validator lets pass some texts besides, a
sign in the middle of a date: what is proven of dates is not proven of those.
"""

from typing import Final

_HEX: Final = "[0-9a-fA-F]"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_UUID: Final = f"^{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}$"
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

SHAPES: Final = {
    "date": f"^{_DAY}$",
    "date-time": f"^{_DAY}[Tt]{_TIME}$",
    "duration": "^P[0-9A-Z.,]{2,}$",
    "email": r"^[\s\S]+@[\s\S]+$",
    "hostname": r"^[\s\S]+$",
    "idn-email": r"^[\s\S]+@[\s\S]+$",
    "idn-hostname": r"^[\s\S]+$",
    "ipv4": r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
    "ipv6": "^[0-9a-fA-F:.]{2,45}$",
    "iri": r"^[A-Za-z][A-Za-z0-9+.\-]*:[\s\S]*$",
    "relative-json-pointer": r"^[0-9][\s\S]*$",
    "time": f"^{_TIME}$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.\-]*:[\s\S]*$",
    "uuid": _UUID,
}
"""What every text of a format is like; others may be like it too."""

CERTAIN: Final = {
    "date": "^(?!0000)[0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    "|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)$",
    "ipv4": rf"^{_OCTET}(\.{_OCTET}){{3}}$",
    "uuid": _UUID,
}
"""What only texts of a format are like; there may be more."""
