"""Writes an order's invoice."""

from datetime import datetime

from orders.documents import Documents
from orders.domain import orders as rules
from orders.domain.invoices import invoice, invoice_key
from orders.step import OrderStep
from orders.store import Orders
from runtime.task import task


def issue_invoice(step: OrderStep, orders: Orders, documents: Documents, now: datetime) -> None:
    """Write it; again it is the same, word for word.

    Raises
    ------
    OrderEnded
        The order was cancelled meanwhile.
    """
    tenant = step.cause.tenant
    order = orders.get(tenant, step.order_id)
    page = invoice(order).encode()
    documents.put(invoice_key(tenant, order.id), page, "text/html; charset=utf-8")
    orders.change(order.id, lambda order: rules.bill(order, at=now), now=now, cause=step.cause)


handler = task(issue_invoice, orders=Orders.connect, documents=Documents.connect)
