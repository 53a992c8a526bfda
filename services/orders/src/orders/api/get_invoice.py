"""Return a link to an order's invoice."""

from datetime import datetime, timedelta

from orders.documents import LINK_SECONDS, Documents
from orders.domain.invoices import invoice_key
from orders.domain.problems import NoInvoice
from orders.store import Orders
from runtime.endpoint import endpoint
from runtime.messages import Request, View
from runtime.problems import NotFound


class InvoiceView(View):
    """A link that is good for 15 minutes."""

    url: str
    expires_at: datetime


def get_invoice(
    request: Request[None], orders: Orders, documents: Documents, now: datetime
) -> InvoiceView:
    """Return the link; a new one each time."""
    order = orders.get(request.tenant, request.path["id"])
    if order.invoiced_at is None:
        raise NoInvoice(f"the order is {order.status}")
    return InvoiceView(
        url=documents.link(invoice_key(request.tenant, order.id)),
        expires_at=now + timedelta(seconds=LINK_SECONDS),
    )


handler = endpoint(
    "GET",
    "/orders/{id}/invoice",
    get_invoice,
    problems=[NotFound, NoInvoice],
    orders=Orders.connect,
    documents=Documents.connect,
)
