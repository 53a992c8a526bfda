"""The product: put on sale, replaced, by a person or by a row of an import."""

from pydantic import BaseModel, ConfigDict

from contracts.money import Money


class Product(BaseModel):
    """A product of a tenant.

    Attributes
    ----------
    price
        Of one piece.
    stock
        Pieces that are there, as was said last; what orders took since is `orders.domain.stock`'s.
    as_of
        What said so last: a request by an id of its moment (a ULID), a row of an import as
        `imported` writes it. What was said later is greater; empty is from before this was kept.
    revision
        Grows by one with each change.
    """

    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    price: Money
    stock: int
    as_of: str = ""
    revision: int = 1


def replace(old: Product, *, name: str, price: Money, stock: int, as_of: str) -> Product:
    """Return the product as it is to be; the same revision if nothing of it is different."""
    same = (name, price, stock) == (old.name, old.price, old.stock)
    changes = {
        "name": name,
        "price": price,
        "stock": stock,
        "as_of": max(as_of, old.as_of),  # a clock may be behind
        "revision": old.revision + (not same),
    }
    return old.model_copy(update=changes)


def imported(media_id: str, line: int) -> str:
    """Return the `as_of` of a row of an import: it counts from when the import was asked for.

    So a file that takes long, or was held up, does not undo what a person said meanwhile; of two
    imports the one that was asked for later wins, and within one the line further down, in
    whatever order their rows arrive here.

    Parameters
    ----------
    media_id
        The import's id, a ULID with a prefix.
    line
        The line of the file on which the row begins.
    """
    return f"{media_id.rpartition('_')[2]}/{line:010}"


def take_in(old: Product | None, said: Product) -> Product | None:
    """Return the product after a row of an import; None if as late, or later, a word was heard.

    Parameters
    ----------
    old
        The product, if it is on sale.
    said
        The product as the row has it.
    """
    if old is None:
        return said
    if said.as_of <= old.as_of:
        return None
    return replace(old, name=said.name, price=said.price, stock=said.stock, as_of=said.as_of)
