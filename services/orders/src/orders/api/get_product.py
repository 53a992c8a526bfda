"""Get a product."""

from orders.inventory import Inventory
from orders.pictures import ProductPictures
from orders.products import Products
from orders.views import ProductView, product_answer
from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound


def get_product(
    request: Request[None], products: Products, inventory: Inventory, pictures: ProductPictures
) -> Answer[ProductView]:
    """Return the product as it is now, with what is free of it and its picture."""
    product = products.find(request.tenant, request.path["sku"])
    if product is None:
        raise NotFound("there is no product by that SKU")
    return product_answer(
        product,
        free=inventory.free(request.tenant, product),
        picture=pictures.shown(request.tenant, product.sku),
    )


handler = endpoint(
    "GET",
    "/products/{sku}",
    get_product,
    problems=[NotFound],
    cached_seconds=300,
    products=Products.connect,
    inventory=Inventory.connect,
    pictures=ProductPictures.connect,
)
