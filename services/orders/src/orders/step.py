"""What a task of the workflow is given: which order, and what led there."""

from contracts.ids import OrderId
from runtime.task import Step


class OrderStep(Step):
    """A task about one order."""

    order_id: OrderId

    @property
    def ids(self) -> dict[str, str]:
        """What it is about, for the log."""
        return {"order_id": self.order_id}


class LineStep(OrderStep):
    """A task about one line of an order."""

    sku: str
    quantity: int


class WaitingStep(OrderStep):
    """A task that an execution waits for, and the token that wakes it."""

    token: str
