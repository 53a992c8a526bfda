"""The consumer's half of a contract: what it reads of another service's event, and no more."""

from typing import Any

from contracts.declaration import Declared, bad, number


class Reader(Declared):
    """The base of reader models: the fields that one consumer reads. Unknown fields are ignored.

    It names the event itself, so that a consumer's bundle needs none of the producer's models::

        class Deactivated(Reader, source="starling.users", event="UserDeactivated.v1"):
            user_id: UserId
    """

    def __init_subclass__(cls, *, source: str = "", event: str = "") -> None:
        """Take the class keywords: pydantic gives them to `__pydantic_init_subclass__` too."""

    @classmethod
    def __pydantic_init_subclass__(cls, *, source: str = "", event: str = "", **_: Any) -> None:
        """Check the declaration and set the class attributes."""
        name, _dot, version = event.rpartition(".v")
        major = number(version)
        if not source or not name or not major:
            raise bad(
                cls,
                'declare what it reads: (Reader, source="starling.<service>", event="<Event>.v1")',
            )
        cls.declare(source, name, major)
