"""What an event class says of itself, checked when the class is made."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """The base of both halves of a contract: `EventData` of producers, `Reader` of consumers.

    Attributes
    ----------
    source
        The publishing service, as EventBridge's ``source``: ``starling.users``.
    event_name
        The fact, without version: ``UserRegistered``.
    major
        The major version, which the detail-type carries.
    detail_type
        EventBridge's ``detail-type``: ``UserRegistered.v1``.
    """

    model_config = ConfigDict(frozen=True)

    source: ClassVar[str]
    event_name: ClassVar[str]
    major: ClassVar[int]
    detail_type: ClassVar[str]

    @classmethod
    def declare(cls, source: str, event_name: str, major: int) -> None:
        """Set what the class is, or raise TypeError with what is wrong in its declaration.

        Parameters
        ----------
        source, event_name, major
            As the attributes of the same names.
        """
        service = source.removeprefix("starling.")
        if service == source or not _is_label(service):
            raise bad(cls, f'source={source!r} is not "starling.<service>"')
        if not (event_name.isascii() and event_name.isalnum() and event_name[0].isupper()):
            raise bad(cls, f"the event's name {event_name!r} is not PascalCase letters and digits")
        own = {name for base in cls.__mro__[1:-1] for name in getattr(base, "__class_vars__", ())}
        if taken := cls.model_fields.keys() & own:
            raise bad(cls, f"the field {min(taken)!r} hides what every event class has: rename it")
        cls.source, cls.event_name, cls.major = source, event_name, major
        cls.detail_type = f"{event_name}.v{major}"


def number(text: str) -> int | None:
    """Return the version number that `text` writes in its one way, else None."""
    plain = text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0")
    return int(text) if plain and len(text) <= 4 else None  # noqa: PLR2004 - bounds a version


def bad(cls: type, problem: str) -> TypeError:
    """Return the error for a wrong declaration of `cls`."""
    return TypeError(f"{cls.__module__}.{cls.__qualname__}: {problem}")


def _is_label(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalnum() and text == text.lower()
