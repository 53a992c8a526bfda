"""What is left of a product: pieces said to be there, less those reserved and those sold since.

What is said of a product (`orders.domain.products`) and what orders take of it are kept apart, so
that neither ever overwrites the other: a new word on the stock counts what is there, reserved
pieces among them, and makes what was sold before it history.
"""

from pydantic import BaseModel, ConfigDict

from orders.domain.products import Product

LOW = 5
"""How many free pieces are few: the merchant hears when fewer are left."""


class OutOfStock(Exception):
    """There are not as many free pieces as an order wants."""


class Stock(BaseModel):
    """What orders took of a product.

    Attributes
    ----------
    reserved
        Pieces of orders that are under way.
    sold
        Pieces of orders that were fulfilled since `as_of`.
    as_of
        The product's `as_of` when `sold` was counted.
    """

    model_config = ConfigDict(frozen=True)

    reserved: int = 0
    sold: int = 0
    as_of: str = ""

    def free(self, product: Product) -> int:
        """Return how many pieces may be reserved: none, if the merchant counted too few."""
        return max(0, product.stock - self.reserved - self._sold(product))

    def reserve(self, product: Product, quantity: int) -> "Stock":
        """Return the stock with some free pieces reserved.

        Raises
        ------
        OutOfStock
            Not as many are free.
        """
        if quantity > self.free(product):
            raise OutOfStock(f"{self.free(product)} of {product.sku} are free, {quantity} wanted")
        return self._counted(product, self.reserved + quantity, self._sold(product))

    def release(self, product: Product, quantity: int) -> "Stock":
        """Return the stock with some reserved pieces free again."""
        return self._counted(product, self.reserved - quantity, self._sold(product))

    def take(self, product: Product, quantity: int) -> "Stock":
        """Return the stock without some reserved pieces: they are sold."""
        return self._counted(product, self.reserved - quantity, self._sold(product) + quantity)

    def _sold(self, product: Product) -> int:
        return self.sold if self.as_of == product.as_of else 0

    def _counted(self, product: Product, reserved: int, sold: int) -> "Stock":
        return Stock(reserved=reserved, sold=sold, as_of=product.as_of)


def became_low(product: Product, before: Stock, after: Stock) -> bool:
    """Return whether it is by this change that few pieces are free."""
    return after.free(product) < LOW <= before.free(product)
