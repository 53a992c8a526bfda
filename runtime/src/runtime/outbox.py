"""Events that ride on the item whose change they tell of: state and event are one write."""

from datetime import datetime

from contracts.event import EventData, entry
from contracts.limits import Entry
from runtime.cause import Cause
from runtime.ids import new_ulid


def outgoing(
    data: EventData,
    *,
    subject: str,
    revision: int,
    cause: Cause,
    now: datetime,
    event_id: str | None = None,
) -> Entry:
    """Return the event as it rides on the item.

    Parameters
    ----------
    data
        The payload.
    subject
        The id of the entity that changed.
    revision
        The entity's version after the change.
    cause
        The request or event that led here.
    now
        When it happened, UTC.
    event_id
        The event's id; a new one by default. The majors of one fact have the same.

    Raises
    ------
    contracts.event.EventTooLarge
        The event is over what the bus takes: refused before anything is written.
    """
    return entry(
        data,
        id=event_id or new_ulid(),
        occurred_at=now,
        subject=subject,
        revision=revision,
        tenant_id=cause.tenant,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        traceparent=cause.traceparent,
        idempotency_key=f"{data.detail_type}:{subject}:{revision}",
    )
