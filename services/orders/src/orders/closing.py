"""Closing an order that came to nothing: what it has goes back, and everybody hears of it."""

from dataclasses import dataclass
from datetime import datetime

from orders.compensation import Compensation
from orders.notifications import Notifications
from orders.waiting import Waiting
from runtime.cause import Cause


@dataclass(frozen=True)
class Closing:
    """Closes orders that were rejected or cancelled outside of their workflow.

    Attributes
    ----------
    compensation
        Gives back what they have.
    waiting
        Who waits for an answer about them.
    notifications
        What customers are told.
    """

    compensation: Compensation
    waiting: Waiting
    notifications: Notifications

    @classmethod
    def connect(cls) -> "Closing":
        """Return one on the table, the provider and the topic that the settings name."""
        return cls(Compensation.connect(), Waiting.connect(), Notifications.connect())

    def close(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Compensate it, wake its workflow, tell its customer; twice is once, but for the telling.

        Raises as `Compensation.compensate`: it is to be tried again, from the start.
        """
        self.compensation.compensate(order_id, cause=cause, now=now)
        self.waiting.wake_all(cause.tenant, order_id)  # it has nothing more to wait for
        self.tell(order_id, cause=cause, now=now)

    def tell(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Tell the order's customer how it stands."""
        order = self.compensation.orders.get(cause.tenant, order_id)
        self.notifications.send(order, cause=cause, now=now)
