"""Parameters as Stripe's SDKs send them: form-encoded, members in brackets."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from .refusals import Refused, invalid, missing

MAX_FIELDS = 200
_NAME = re.compile(r"([a-z][a-z0-9_]*)((?:\[[^\[\]]*\])*)")
_INTEGER = re.compile(r"-?[0-9]{1,18}")

MAX_METADATA = 50
"""Pairs of one object; this and the next two are Stripe's own limits."""
_MAX_KEY = 40
_MAX_VALUE = 500


class Form:
    """The parameters of a request, each checked when it is asked for.

    Parameters
    ----------
    fields
        Values by name, like `metadata[order_id]`.

    Raises
    ------
    Refused
        From every method, if a value is not what it is asked for.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)

    @classmethod
    def parse(cls, text: bytes) -> "Form":
        """Return the parameters of a body or of a query."""
        try:
            pairs = parse_qsl(
                text.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
            )
        except ValueError:
            raise Refused("Invalid request: the parameters cannot be decoded.") from None
        for name, _ in pairs:
            if not _NAME.fullmatch(name):
                raise Refused("Invalid request: a parameter's name cannot be read.")
        return cls(dict(pairs))

    def only(self, *names: str) -> None:
        """Refuse parameters of other names."""
        for field in self.fields:
            name = field.partition("[")[0]
            if name not in names:
                raise invalid(name, f"Received unknown parameter: {name}", "parameter_unknown")

    def text(self, name: str) -> str | None:
        """Return a value that is not empty; None if it is not there."""
        if any(field.startswith(f"{name}[") for field in self.fields):
            raise invalid(name, "Invalid string: an object was given.")
        value = self.fields.get(name)
        if value == "":
            raise invalid(
                name, f"You passed an empty string for '{name}'.", "parameter_invalid_empty"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Return one of some values; None if it is not there."""
        value = self.text(name)
        if value is not None and value not in choices:
            raise invalid(name, f"Invalid {name}: must be one of {' or '.join(choices)}")
        return value

    def integer(self, name: str, least: int) -> int | None:
        """Return a number that is no less than another; None if it is not there."""
        value = self.text(name)
        if value is None:
            return None
        number = _integer(name, value)
        if number < least:
            raise invalid(
                name,
                f"This value must be greater than or equal to {least}.",
                "parameter_invalid_integer",
            )
        return number

    def flag(self, name: str) -> bool:
        """Return whether something is asked for."""
        return self.choice(name, ("true", "false")) == "true"

    def required(self, name: str) -> str:
        """Return a value that must be there."""
        value = self.text(name)
        if value is None:
            raise missing(name)
        return value

    def members(self, name: str) -> dict[str, str]:
        """Return an object's members, or a list's by their index."""
        found = {}
        for field, value in self.fields.items():
            root, _, rest = field.partition("[")
            if root != name:
                continue
            if not rest.endswith("]") or "[" in rest:
                raise invalid(name, "Invalid object")
            found[rest[:-1]] = value
        return found

    def integers(self, name: str) -> dict[str, int]:
        """Return an object's members, which are numbers."""
        return {key: _integer(name, value) for key, value in self.members(name).items()}

    def metadata(self) -> dict[str, str]:
        """Return the metadata, within Stripe's limits."""
        found = {name: value for name, value in self.members("metadata").items() if value}
        if len(found) > MAX_METADATA:
            raise invalid("metadata", f"You can have at most {MAX_METADATA} metadata keys.")
        for name, value in found.items():
            if not 1 <= len(name) <= _MAX_KEY:
                raise invalid("metadata", f"Metadata keys can have up to {_MAX_KEY} characters.")
            if len(value) > _MAX_VALUE:
                raise invalid(
                    f"metadata[{name}]",
                    f"Metadata values can have up to {_MAX_VALUE} characters.",
                )
        return found


def _integer(name: str, value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise invalid(name, "Invalid integer", "parameter_invalid_integer")
    return int(value)
