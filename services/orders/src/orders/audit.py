"""What customers were told, and when: kept beside the order, without what was said.

=====================  ========================  ===============================================
pk                     sk                        what
=====================  ========================  ===============================================
TENANT#t#ORDER#<id>    AUDIT#<notification id>   that the customer was told something, and when
=====================  ========================  ===============================================
"""

from datetime import datetime, timedelta

from orders.store import order_key
from runtime.changes import Create, Exists, Key
from runtime.table import InTable

RETENTION = timedelta(days=400)  # a year, and time to ask about it


class Audit(InTable):
    """The records of all tenants; each call is about one tenant's."""

    def keep(
        self,
        tenant: str,
        order_id: str,
        notification_id: str,
        *,
        event_type: str,
        at: datetime,
        correlation_id: str,
        now: datetime,
    ) -> None:
        """Keep that a notification was sent; what was kept before stays as it is.

        Parameters
        ----------
        tenant, order_id
            Whose order.
        notification_id
            The same for the same news, however often it comes.
        event_type
            What was told.
        at
            When it was sent.
        correlation_id
            Of the request behind it.
        now
            The current time: from then on it is kept for `RETENTION`.
        """
        record = Create(
            key=Key(order_key(tenant, order_id).pk, f"AUDIT#{notification_id}"),
            data={"event_type": event_type, "at": at.isoformat(), "correlation_id": correlation_id},
            expires_at=int((now + RETENTION).timestamp()),
        )
        try:
            self._table.commit(record)
        except Exists:
            return
