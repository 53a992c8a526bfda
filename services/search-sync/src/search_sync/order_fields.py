"""What search reads of an order, in each event that carries one."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.ids import OrderId, Sku, UserId
from contracts.money import Money
from contracts.values import Name, Quantity, Timestamp
from search_sync.domain.rows import Line, Order, OrderStatus


class Item(BaseModel):
    """One line of the order."""

    model_config = ConfigDict(frozen=True)

    sku: Sku
    name: Name
    quantity: Quantity


class OrderFields(BaseModel):
    """The order itself."""

    order_id: OrderId
    customer_id: UserId
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    total: Money
    placed_at: Timestamp

    def order(self, tenant: str, revision: int, status: OrderStatus) -> Order:
        """Return the order as its row is to have it."""
        return Order(
            tenant=tenant,
            id=self.order_id,
            customer_id=self.customer_id,
            status=status,
            lines=tuple(Line(**item.model_dump()) for item in self.items),
            total=self.total,
            placed_at=self.placed_at,
            revision=revision,
        )
