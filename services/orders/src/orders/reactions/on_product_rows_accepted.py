"""Rows of an import put their products on sale, or change them, as `PUT /products` does."""

from typing import Annotated

from pydantic import BaseModel, Field

from contracts.ids import MediaId, Sku
from contracts.money import Money
from contracts.reader import Reader
from contracts.values import Name
from orders.domain.products import Product, imported
from orders.importing import take_in
from orders.products import Products
from runtime.logs import logger
from runtime.reaction import Event, reaction


class Row(BaseModel):
    """What orders reads of a row."""

    line: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    sku: Sku
    name: Name
    price: Money
    stock: Annotated[int, Field(strict=True, ge=0, le=10**9)]


class RowsAccepted(Reader, source="starling.media", event="ProductRowsAccepted.v1"):
    """What orders reads of a part of an import."""

    media_id: MediaId
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=200)]


def on_product_rows_accepted(event: Event[RowsAccepted], products: Products) -> None:
    """Keep of each product what was said last; of two rows of one product the one further down."""
    media_id = event.data.media_id
    said = {
        row.sku: Product(
            sku=row.sku,
            name=row.name,
            price=row.price,
            stock=row.stock,
            as_of=imported(media_id, row.line),
        )
        for row in sorted(event.data.rows, key=lambda row: row.line)
    }
    late = take_in(products, event.tenant, [*said.values()])
    if late:
        logger.info("rows dropped: as much or more is known", rows=late, media_id=media_id)


handler = reaction(on_product_rows_accepted, products=Products.connect)
