"""A picture that was uploaded as a product's shows it."""

from contracts.reader import Reader
from orders.pictures import PictureFields, ProductPictures
from runtime.reaction import Event, reaction


class Ready(PictureFields, Reader, source="starling.media", event="MediaReady.v1"):
    """What orders reads of a picture that can be shown."""

    renditions: tuple[object, ...]
    """Its copies: what they are is media's business, but without one there is nothing to show."""


def on_media_ready(event: Event[Ready], pictures: ProductPictures) -> None:
    """Keep the picture, unless a newer one was ready before, or this one is gone already."""
    picture = event.data
    if picture.sku and picture.renditions:
        pictures.change(event.tenant, picture.sku, lambda known: known.ready(picture.media_id))


handler = reaction(on_media_ready, pictures=ProductPictures.connect)
