"""The pictures of products, as the media service's events tell of them.

They are kept beside the product, which need not be there yet, and are no part of it: its revision
is about name, price and stock. Whose product a picture may show is for the media service to check.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, Field

from contracts.ids import MediaId
from orders.domain.pictures import Pictures
from orders.products import picture_key
from runtime.changes import Create, Exists, RevisionConflict, Update
from runtime.table import InTable

_ATTEMPTS = 4


class PictureFields(BaseModel):
    """What orders reads of a picture, in each event of one."""

    media_id: MediaId
    purpose: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]
    subject: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None

    @property
    def sku(self) -> str | None:
        """Which product it shows; None if it shows none."""
        return self.subject if self.purpose == "product" else None


class ProductPictures(InTable):
    """The pictures of all tenants' products; each call is about one tenant's."""

    def shown(self, tenant: str, sku: str) -> str | None:
        """Return the media id of the picture that shows the product, or None."""
        stored = self._table.get(picture_key(tenant, sku))
        return Pictures(**stored.data).shown if stored else None

    def change(self, tenant: str, sku: str, change: Callable[[Pictures], Pictures]) -> None:
        """Change what is known of a product's pictures.

        Parameters
        ----------
        tenant, sku
            Whose product, and which.
        change
            Gives the pictures as an event has them; the same object means that it is old news.

        Raises
        ------
        runtime.changes.Exists, runtime.changes.RevisionConflict
            They go on changing under our hands.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._change(tenant, sku, change)
            except (Exists, RevisionConflict):
                continue
        return self._change(tenant, sku, change)

    def _change(self, tenant: str, sku: str, change: Callable[[Pictures], Pictures]) -> None:
        key = picture_key(tenant, sku)
        stored = self._table.get(key)
        known = Pictures(**stored.data) if stored else Pictures()
        new = change(known)
        if new is known:
            return
        data = new.model_dump(mode="json")
        if stored is None:
            self._table.commit(Create(key=key, data=data))
        else:
            revision = stored.revision
            self._table.commit(Update(key=key, data=data, revision=revision + 1, expected=revision))
