"""Put a product on sale, or replace it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.money import Money
from contracts.values import Name
from orders.domain import products as rules
from orders.domain.products import Product
from orders.inventory import Inventory
from orders.pictures import ProductPictures
from orders.products import Products
from orders.views import ProductView, product_answer
from runtime.endpoint import endpoint
from runtime.ids import new_ulid
from runtime.messages import Answer, Body, Request
from runtime.problems import Conflict, FieldError, InvalidRequest, Stale

MAX_SKU_LENGTH = 64  # contracts.ids.Sku; its alphabet is that of every path parameter


class NewProduct(Body):
    """What a caller says of a product."""

    name: Annotated[Name, StringConstraints(strip_whitespace=True)]
    price: Money
    stock: Annotated[int, Field(ge=0, le=1_000_000_000)]


def put_product(
    request: Request[NewProduct],
    products: Products,
    inventory: Inventory,
    pictures: ProductPictures,
) -> Answer[ProductView]:
    """Write it; the same again makes no revision, but counts against imports from before."""
    tenant, sku, body = request.tenant, request.path["sku"], request.body
    if len(sku) > MAX_SKU_LENGTH:
        problem = FieldError("sku", f"longer than {MAX_SKU_LENGTH} characters")
        raise InvalidRequest("the SKU is too long", errors=[problem])
    old = products.find(tenant, sku)
    if request.if_match not in (None, old and old.revision):
        raise Stale(f"the product is at revision {old.revision}" if old else "no such product")
    as_of = new_ulid()
    if old is None:
        new = Product(sku=sku, name=body.name, price=body.price, stock=body.stock, as_of=as_of)
        products.add(tenant, new)
        picture = pictures.shown(tenant, sku)
        return product_answer(new, free=new.stock, picture=picture, status=201)
    new = rules.replace(old, name=body.name, price=body.price, stock=body.stock, as_of=as_of)
    products.save(tenant, [(old, new)])
    free = inventory.free(tenant, new)
    return product_answer(new, free=free, picture=pictures.shown(tenant, sku))


handler = endpoint(
    "PUT",
    "/products/{sku}",
    put_product,
    also=[201],
    role="admin",
    problems=[Stale, Conflict],
    products=Products.connect,
    inventory=Inventory.connect,
    pictures=ProductPictures.connect,
)
