"""The products in the table: what is said of them, whoever says it (keys: `orders.store`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orders.domain.products import Product
from runtime.changes import Change, Create, Exists, Key, Operation, Update
from runtime.problems import Conflict
from runtime.table import InTable, Stored


class Products(InTable):
    """The products of all tenants; each call is about one tenant's."""

    def find(self, tenant: str, sku: str) -> Product | None:
        """Return the product, or None."""
        stored = self._table.get(product_key(tenant, sku))
        return None if stored is None else product_of(stored)

    def find_many(self, tenant: str, skus: Sequence[str]) -> dict[str, Product]:
        """Return those of the products that exist, by SKU."""
        found = self._table.get_many([product_key(tenant, sku) for sku in skus])
        return {product.sku: product for product in map(product_of, found.values())}

    def add(self, tenant: str, product: Product) -> None:
        """Write a new product.

        Raises
        ------
        Conflict
            Another request wrote it first.
        """
        try:
            self.save(tenant, [(None, product)])
        except Exists as failure:
            raise Conflict("another request put this product on sale: try again") from failure

    def save(self, tenant: str, changed: Sequence[tuple[Product | None, Product]]) -> None:
        """Write 1 to 100 products in one transaction, each with what it was before.

        Raises
        ------
        runtime.changes.Exists, runtime.changes.RevisionConflict
            One of them is not what it was any more.
        """
        self._table.commit(*(_product_change(tenant, old, new) for old, new in changed))


@dataclass(kw_only=True, eq=False, repr=False)
class _Told(Update):
    """Replace a product of which nothing was said since, be it without a new revision."""

    as_of: str

    def operation(self) -> Operation:
        """Return the write."""
        operation = super().operation()
        parameters = operation["parameters"]
        unknown = "" if self.as_of else "attribute_not_exists(#data.as_of) OR "
        parameters["ConditionExpression"] += f" AND ({unknown}#data.as_of = :as_of)"
        parameters["ExpressionAttributeNames"] = {"#data": "data"}
        parameters["ExpressionAttributeValues"][":as_of"] = {"S": self.as_of}
        return operation


def _product_change(tenant: str, old: Product | None, new: Product) -> Change:
    key, data = product_key(tenant, new.sku), _data(new)
    if old is None:
        return Create(key=key, data=data)
    expected = old.revision
    return _Told(key=key, data=data, revision=new.revision, expected=expected, as_of=old.as_of)


def product_key(tenant: str, sku: str) -> Key:
    """Return the key of a product; what else is known of it is beside it."""
    return Key(f"TENANT#{tenant}#PRODUCT#{sku}", "PRODUCT")


def picture_key(tenant: str, sku: str) -> Key:
    """Return the key of what is known of a product's pictures (`orders.pictures`)."""
    return Key(product_key(tenant, sku).pk, "PICTURE")


def product_of(stored: Stored) -> Product:
    """Return the product that an item is."""
    return Product(**stored.data, revision=stored.revision)


def _data(product: Product) -> dict[str, Any]:
    return product.model_dump(mode="json", exclude={"revision"})
