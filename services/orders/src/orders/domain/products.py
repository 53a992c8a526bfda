"""The product: put on sale, replaced."""

from pydantic import BaseModel, ConfigDict

from contracts.money import Money


class Product(BaseModel):
    """A product of a tenant.

    Attributes
    ----------
    price
        Of one piece.
    stock
        Pieces in stock. Kept here; placing an order does not take any of it yet.
    revision
        Grows by one with each change.
    """

    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    price: Money
    stock: int
    revision: int = 1


def replace(old: Product, *, name: str, price: Money, stock: int) -> Product:
    """Return the product as it is to be; the same object if nothing is different."""
    if (name, price, stock) == (old.name, old.price, old.stock):
        return old
    return Product(sku=old.sku, name=name, price=price, stock=stock, revision=old.revision + 1)
