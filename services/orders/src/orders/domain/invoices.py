"""An order's invoice: one page of HTML that needs nothing else and prints well."""

from html import escape

from contracts.money import Money, shown
from orders.domain.orders import Order

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Invoice {number}</title>
<style>
body {{ font: 11pt/1.5 sans-serif; margin: 2cm; max-width: 17cm }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #999; padding: .3em; text-align: left }}
.amount {{ text-align: right }}
</style>
</head>
<body>
<h1>Invoice {number}</h1>
<p>Order {order}, placed {placed}, paid {paid}.<br>Customer {customer}</p>
<table>
<tr><th>Item</th><th class="amount">Quantity</th>
<th class="amount">Price</th><th class="amount">Amount</th></tr>
{lines}
<tr><th colspan="3">Total</th><th class="amount">{total}</th></tr>
</table>
</body>
</html>
"""
_LINE = (
    '<tr><td>{name}<br><small>{sku}</small></td><td class="amount">{quantity}</td>'
    '<td class="amount">{price}</td><td class="amount">{amount}</td></tr>'
)


def invoice_key(tenant: str, order_id: str) -> str:
    """Return where an order's invoice is kept."""
    return f"invoices/{tenant}/{order_id}.html"


def invoice(order: Order) -> str:
    """Return the invoice of an order that is paid; the same whenever it is asked for.

    Parameters
    ----------
    order
        A paid order. What people wrote in it is text, whatever it looks like.
    """
    paid = next(step.at for step in order.steps if step.status == "confirmed")
    lines = [
        _LINE.format(
            name=escape(line.name),
            sku=escape(line.sku),
            quantity=line.quantity,
            price=escape(shown(line.price)),
            amount=escape(
                shown(Money(amount=line.price.amount * line.quantity, currency=line.price.currency))
            ),
        )
        for line in order.items
    ]
    return _PAGE.format(
        number=escape(order.id.removeprefix("ord_")),
        order=escape(order.id),
        placed=f"{order.placed_at:%Y-%m-%d}",
        paid=f"{paid:%Y-%m-%d}",
        customer=escape(order.customer_id),
        lines="\n".join(lines),
        total=escape(shown(order.total)),
    )
