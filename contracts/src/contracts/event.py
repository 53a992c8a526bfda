"""The producer's half of a contract: payloads, their versions, and the entry for the bus."""

from datetime import datetime
from typing import Any, ClassVar, NotRequired, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict

from contracts.declaration import Declared, bad, number
from contracts.envelope import Metadata
from contracts.limits import MAX_ENTRY_BYTES, Entry, entry_size

declared: dict[str, type["EventData"]] = {}
"""The events of all modules imported so far, by detail-type."""


class EventTooLarge(ValueError):
    """An event that the bus would refuse."""


class EventData(Declared):
    """The base of payloads, which are declared by class keywords.

    As in::

        class UserRegistered(EventData, source="starling.users", version="1.0"): ...

    A new major is a new class beside the old one, which ends in the major:
    ``class UserRegisteredV2(EventData, source="starling.users", version="2.0")`` declares
    ``UserRegistered.v2``. Unknown fields are refused, because a producer knows what it says.

    Attributes
    ----------
    minor
        The minor version: grows with each added optional field.
    schema_version
        ``<major>.<minor>``, which the envelope carries.
    """

    model_config = ConfigDict(extra="forbid")

    minor: ClassVar[int]
    schema_version: ClassVar[str]

    def __init_subclass__(cls, *, source: str = "", version: str = "") -> None:
        """Take the class keywords: pydantic gives them to `__pydantic_init_subclass__` too."""

    @classmethod
    def __pydantic_init_subclass__(cls, *, source: str = "", version: str = "", **_: Any) -> None:
        """Check the declaration, set the class attributes, and enter the catalogue."""
        major, minor = (number(part) for part in (version.split(".") * 2)[:2])
        if not source or version.count(".") != 1 or not major or minor is None:
            raise bad(
                cls,
                "declare what it is: "
                '(EventData, source="starling.<service>", version="<major>.<minor>"), from "1.0"',
            )
        name = cls.__name__ if major == 1 else cls.__name__.removesuffix(f"V{major}")
        if major > 1 and name == cls.__name__:
            raise bad(cls, f'version="{version}" needs a class whose name ends in V{major}')
        cls.declare(source, name, major)
        cls.minor, cls.schema_version = minor, version
        twin = declared.setdefault(cls.detail_type, cls)
        if (twin.__module__, twin.__qualname__) != (cls.__module__, cls.__qualname__):
            raise bad(cls, f"{cls.detail_type} is already {twin.__module__}.{twin.__qualname__}")
        declared[cls.detail_type] = cls


class MetadataFields(TypedDict):
    """What is known of an event beside its payload: `Metadata` but the version, which data has."""

    id: str
    occurred_at: datetime
    subject: str
    revision: int
    tenant_id: str
    correlation_id: str
    idempotency_key: str
    causation_id: NotRequired[str | None]
    traceparent: NotRequired[str | None]


def entry(data: EventData, **metadata: Unpack[MetadataFields]) -> Entry:
    """Return the event as an item's outbox carries it, checked against the bus's size limit.

    Fields that are None are left out.

    Parameters
    ----------
    data
        The payload.
    metadata
        What else is known of the event.

    Raises
    ------
    EventTooLarge
        The bus would refuse the entry.
    pydantic.ValidationError
        The metadata is not what its contract says.
    """
    # What `Metadata(...)` and `model_dump_json()` do, without what these take to look at their
    # arguments: a quarter of what an event costs.
    known = Metadata.__pydantic_validator__.validate_python(
        {"schema_version": data.schema_version, **metadata}
    )
    made: Entry = {
        "source": data.source,
        "detail-type": data.detail_type,
        "detail": f'{{"metadata":{_json(known)},"data":{_json(data)}}}',
    }
    if (size := entry_size(made)) > MAX_ENTRY_BYTES:
        raise EventTooLarge(
            f"{data.detail_type} takes {size} bytes, the bus takes {MAX_ENTRY_BYTES}"
        )
    return made


def _json(model: BaseModel) -> str:
    return model.__pydantic_serializer__.to_json(model, exclude_none=True).decode()
