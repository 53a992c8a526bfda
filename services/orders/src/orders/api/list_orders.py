"""List the orders, of all customers or of one, the newest first."""

from contracts.ids import UserId
from orders.store import Orders
from orders.views import OrderView
from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request
from runtime.problems import InvalidCursor


class Filter(Page):
    """Which orders are wanted."""

    customer_id: UserId | None = None


def list_orders(
    request: Request[None, Filter], orders: Orders, cursors: Cursors
) -> Listing[OrderView]:
    """Return one page, and the cursor to the next."""
    tenant, query = request.tenant, request.query
    scope = f"orders of {query.customer_id or 'all'}"
    found, last = orders.page(
        tenant,
        customer_id=query.customer_id,
        limit=query.limit,
        after=cursors.read(tenant, scope, query.cursor),
    )
    return Listing(
        items=[OrderView.model_validate(order) for order in found],
        next_cursor=last and cursors.issue(tenant, scope, last),
    )


handler = endpoint(
    "GET",
    "/orders",
    list_orders,
    problems=[InvalidCursor],
    orders=Orders.connect,
    cursors=Cursors.connect,
)
