"""A picture that is gone shows no product any more."""

from contracts.reader import Reader
from orders.pictures import PictureFields, ProductPictures
from runtime.reaction import Event, reaction


class Deleted(PictureFields, Reader, source="starling.media", event="MediaDeleted.v1"):
    """What orders reads of an upload that is gone."""


def on_media_deleted(event: Event[Deleted], pictures: ProductPictures) -> None:
    """Stop showing the picture, and do not begin to if it is told to be ready late."""
    picture = event.data
    if picture.sku:
        pictures.change(event.tenant, picture.sku, lambda known: known.deleted(picture.media_id))


handler = reaction(on_media_deleted, pictures=ProductPictures.connect)
