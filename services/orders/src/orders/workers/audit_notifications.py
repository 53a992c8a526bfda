"""Each notification is kept, once: what a customer was told can be looked up."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from contracts.ids import OrderId, TenantId
from contracts.values import Timestamp
from orders.audit import Audit
from runtime.cause import Cause
from runtime.logs import follow
from runtime.queue import Hopeless
from runtime.worker import worker


class Sent(BaseModel):
    """What is kept of a notification: nothing of what was said."""

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_:]{1,100}$")]
    tenant_id: TenantId
    order_id: OrderId
    event_type: Annotated[str, Field(pattern="^[A-Z][A-Za-z]{0,39}$")]
    correlation_id: Annotated[str, Field(min_length=1, max_length=128)]
    at: Timestamp


def audit_notifications(message: Any, audit: Audit, now: datetime) -> None:
    """Keep that it was sent.

    Raises
    ------
    Hopeless
        It is no notification.
    """
    try:
        sent = Sent.model_validate(message)
    except ValidationError as error:
        fields = {str(one["loc"][0]) if one["loc"] else "message" for one in error.errors()}
        raise Hopeless(f"no notification of an order: {', '.join(sorted(fields))}") from None
    follow(Cause(sent.tenant_id, sent.correlation_id, causation_id=sent.id))
    audit.keep(
        sent.tenant_id,
        sent.order_id,
        sent.id,
        event_type=sent.event_type,
        at=sent.at,
        correlation_id=sent.correlation_id,
        now=now,
    )


handler = worker(audit_notifications, audit=Audit.connect)
