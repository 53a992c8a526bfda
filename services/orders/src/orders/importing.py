"""Taking in rows of an import, also while others change the same products."""

from collections.abc import Sequence

from orders.domain import products as rules
from orders.domain.products import Product
from orders.products import Products
from runtime.changes import Exists, RevisionConflict

_ATTEMPTS = 4
_PART = 100  # products: TransactWriteItems takes so many


def take_in(products: Products, tenant: str, said: Sequence[Product]) -> int:
    """Write what the rows say, and return how many had nothing to say any more.

    A product keeps what was said of it last, and remembers by what: a row that comes again, or too
    late, finds itself there, or something later. Nothing else is remembered of an import, and it
    may die after any part and begin anew.

    Parameters
    ----------
    products
        Where the products are.
    tenant
        Whose they are.
    said
        The products as the rows have them, each once.

    Raises
    ------
    runtime.changes.Exists, runtime.changes.RevisionConflict
        One of them goes on changing under our hands.
    """
    parts = [said[start : start + _PART] for start in range(0, len(said), _PART)]
    return sum(_take_in(products, tenant, part) for part in parts)


def _take_in(products: Products, tenant: str, said: Sequence[Product]) -> int:
    attempt = 1
    while True:
        old = products.find_many(tenant, [product.sku for product in said])
        taken = [(old.get(each.sku), rules.take_in(old.get(each.sku), each)) for each in said]
        changed = [(before, after) for before, after in taken if after]
        try:
            if changed:
                products.save(tenant, changed)
        except (Exists, RevisionConflict):
            if attempt == _ATTEMPTS:
                raise
            attempt += 1
        else:
            return len(said) - len(changed)
