"""Events for the world outside: CloudEvents 1.0 in the JSON event format."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contracts.envelope import ContractBroken, Metadata
from contracts.limits import Entry

CloudEvent = dict[str, Any]

_EXTENSIONS = {
    "tenant_id": "tenantid",
    "correlation_id": "correlationid",
    "causation_id": "causationid",
    "traceparent": "traceparent",
    "idempotency_key": "idempotencykey",
}
"""Our metadata, and the names of the extension attributes that carry it: lower case only."""


def to_cloudevent(event: Mapping[str, Any] | Entry) -> CloudEvent:
    """Return an event (from the bus, or an entry for it) as a CloudEvent.

    The revision is text, because a CloudEvents integer ends at 2**31 - 1. The data schema is
    ``urn:starling:<service>:<Event>:<major>.<minor>``.

    Raises
    ------
    ContractBroken
        The event is not one of ours.
    """
    try:
        detail: Any = event["detail"]
        document = json.loads(detail) if isinstance(detail, str) else detail
        data, metadata = document["data"], Metadata.model_validate(document["metadata"])
        source, detail_type = event["source"], event["detail-type"]
        service, name = source.removeprefix("starling."), detail_type.partition(".v")[0]
    except (ValidationError, LookupError, TypeError, AttributeError, ValueError):
        raise ContractBroken("$: is not an event with our envelope") from None
    said = metadata.model_dump(mode="json", exclude_none=True)
    return {
        "specversion": "1.0",
        "id": metadata.id,
        "source": source,
        "type": f"{source}.{detail_type}",
        "subject": metadata.subject,
        "time": said["occurred_at"],
        "datacontenttype": "application/json",
        "dataschema": f"urn:starling:{service}:{name}:{metadata.schema_version}",
        "revision": str(metadata.revision),
        **{theirs: said[ours] for ours, theirs in _EXTENSIONS.items() if ours in said},
        "data": data,
    }


def from_cloudevent(event: Mapping[str, Any]) -> Entry:
    """Return the entry for the bus that `to_cloudevent` made `event` from.

    Raises
    ------
    ContractBroken
        The CloudEvent is not one that `to_cloudevent` makes.
    """
    try:
        source, data = event["source"], event["data"]
        metadata = Metadata(
            id=event["id"],
            schema_version=event["dataschema"].rpartition(":")[2],
            occurred_at=event["time"],
            subject=event["subject"],
            revision=int(event["revision"]),
            **{ours: event[theirs] for ours, theirs in _EXTENSIONS.items() if theirs in event},
        )
        detail_type = event["type"].removeprefix(f"{source}.")
    except (ValidationError, LookupError, TypeError, AttributeError, ValueError):
        raise ContractBroken("$: is not a CloudEvent of ours") from None
    detail = {"metadata": metadata.model_dump(mode="json", exclude_none=True), "data": data}
    return {
        "source": source,
        "detail-type": detail_type,
        "detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
    }
