"""What every event's detail is: metadata and data; and how a consumer parses it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Generic, NamedTuple, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.declaration import Declared
from contracts.ids import CorrelationId, EventId, TenantId, TraceParent
from contracts.limits import (
    MAX_BODY_BYTES,
    MAX_DEPTH,
    MAX_ENTRY_BYTES,
    TooDeep,
    depth,
    require_shallow,
)
from contracts.values import Revision, Timestamp

__all__ = [
    "MAX_DEPTH",
    "MAX_ENTRY_BYTES",
    "ContractBroken",
    "Envelope",
    "Metadata",
    "depth",
    "parse_detail",
    "parse_event",
]

_MAX_PROBLEMS = 3  # of a broken message that are named
_MAX_STEP = 40  # characters of one step of a JSON path

Data = TypeVar("Data", bound=BaseModel)
Half = TypeVar("Half", bound=Declared)


class Metadata(BaseModel):
    """What is known of an event whatever its payload.

    Attributes
    ----------
    id
        The event's own id; the same when it is sent again.
    schema_version
        ``<major>.<minor>`` of the payload.
    occurred_at
        When the change was made, in UTC.
    subject
        The id of the entity that changed.
    revision
        The entity's version after the change: orders the events of one subject.
    tenant_id
        Whose entity it is.
    correlation_id
        The request that started it all.
    causation_id
        The event or command that led directly here.
    traceparent
        The position in the trace.
    idempotency_key
        The same for events that say the same.
    """

    model_config = ConfigDict(frozen=True)

    id: EventId
    schema_version: Annotated[str, Field(pattern="^[1-9][0-9]{0,3}[.](0|[1-9][0-9]{0,3})$")]
    occurred_at: Timestamp
    subject: Annotated[str, Field(pattern="^[!-~]{1,128}$")]
    revision: Revision
    tenant_id: TenantId
    correlation_id: CorrelationId
    causation_id: CorrelationId | None = None
    traceparent: TraceParent | None = None
    idempotency_key: Annotated[str, Field(pattern="^[!-~]{1,255}$")]


class Envelope(NamedTuple, Generic[Data]):
    """An event's detail, parsed: the metadata, and the payload as its reader sees it."""

    metadata: Metadata
    data: Data


class ContractBroken(Exception):
    """A message that can never be processed: it breaks its contract.

    Attributes
    ----------
    reason
        What is wrong and where, as JSON paths, without the offending values: it may be logged.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_detail(detail: str | Mapping[str, Any], model: type[Half]) -> Envelope[Half]:
    """Return an event's detail as `model` sees it. Unknown fields are ignored at every level.

    Parameters
    ----------
    detail
        The JSON text, or what it was parsed to.
    model
        The reader model; or a payload model, for who wants to see all.

    Raises
    ------
    ContractBroken
        The detail is not JSON, too large, too deep, or not what `model` needs.
    """
    if isinstance(detail, str):
        detail = parse_json(detail, MAX_ENTRY_BYTES)
    return _parse_detail(detail, model, "$")


def parse_event(body: str | Mapping[str, Any], model: type[Half]) -> Envelope[Half]:
    """Return the detail of an EventBridge event (as a queue delivers it) as `model` sees it.

    Raises
    ------
    ContractBroken
        As `parse_detail`; or the event is of another source or detail-type than `model` reads.
    """
    event = parse_json(body, MAX_BODY_BYTES) if isinstance(body, str) else body
    if not isinstance(event, Mapping):
        raise ContractBroken("$: is not an object")
    for field, expected in (("source", model.source), ("detail-type", model.detail_type)):
        if event.get(field) != expected:
            raise ContractBroken(f"$.{field}: is not {expected}")
    return _parse_detail(event.get("detail"), model, "$.detail")


def parse_json(text: str, max_bytes: int) -> Any:
    """Return the JSON document that `text` is: strict, and bounded in size and depth.

    Raises
    ------
    ContractBroken
        It is too large, too deep, or not JSON (``NaN`` and ``Infinity`` are not).
    """
    if len(text) > max_bytes or len(text.encode(errors="surrogatepass")) > max_bytes:
        raise ContractBroken(f"$: is larger than {max_bytes} bytes")
    try:
        require_shallow(text)
        return json.loads(text, parse_constant=_refuse_constant)
    except TooDeep:
        raise _too_deep("$") from None
    except ValueError:
        raise ContractBroken("$: is not JSON") from None


def _parse_detail(detail: object, model: type[Half], path: str) -> Envelope[Half]:
    if not isinstance(detail, Mapping):
        raise ContractBroken(f"{path}: is not an object")
    if depth(detail) > MAX_DEPTH:
        raise _too_deep(path)
    metadata = _validated(detail, "metadata", Metadata, path)
    if int(metadata.schema_version.partition(".")[0]) != model.major:
        raise ContractBroken(f"{path}.metadata.schema_version: is not of major {model.major}")
    return Envelope(metadata, _validated(detail, "data", model, path))


def _validated(detail: Mapping[str, Any], part: str, model: type[Data], path: str) -> Data:
    path = f"{path}.{part}"
    value = detail.get(part)
    if not isinstance(value, dict):
        raise ContractBroken(f"{path}: is not an object")
    try:
        # `ignore` at run time reaches nested models too, also those that forbid for producers.
        return model.model_validate(value, extra="ignore")
    except ValidationError as error:
        raise ContractBroken(_reason(error, path)) from None


def _reason(error: ValidationError, path: str) -> str:
    """Return where and what, without the values: those may be somebody's personal data."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [
        f"{path}{''.join(_step(step) for step in problem['loc'])}: {problem['msg']}"
        for problem in found[:_MAX_PROBLEMS]
    ]
    if len(found) > _MAX_PROBLEMS:
        problems.append(f"and {len(found) - _MAX_PROBLEMS} more")
    return "; ".join(problems)


def _step(step: int | str) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    # A step that is no field's name is a key of the message itself: a value like any other.
    return f".{step}" if step.isidentifier() and len(step) <= _MAX_STEP else ".*"


def _too_deep(path: str) -> ContractBroken:
    return ContractBroken(f"{path}: is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError
