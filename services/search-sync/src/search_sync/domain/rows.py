"""What the projection knows of users, orders and pictures, and how events add to it.

Events come in any order and more than once. Each rule gives the same result whatever the order,
and returns the row itself, unchanged, if the event brings nothing new.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts.money import Money
from contracts.values import Timestamp


class Row(BaseModel):
    """Base of what is stored of an entity."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    id: str


class User(Row):
    """A user, as far as events have told.

    Attributes
    ----------
    status
        An erased user stays as a tombstone: no late event raises them from the dead.
    name, email
        None until an event has brought them, and again after the user is erased.
    profile_revision, status_revision
        The user's revision that brought name and address, and the one that brought the status.
        They are kept apart because a deactivation says nothing of the name: if it overtakes
        the registration, the registration still has something to add.
    """

    kind: Literal["user"] = "user"
    status: Literal["active", "deactivated", "erased"] = "active"
    name: str | None = None
    email: str | None = None
    profile_revision: int = 0
    status_revision: int = 0

    @property
    def revision(self) -> int:
        """The newest revision of the user that is known."""
        return max(self.profile_revision, self.status_revision)

    def described(self, *, name: str, email: str, revision: int) -> "User":
        """Return the user with the name and the address that they have at `revision`."""
        if self.status == "erased" or revision <= self.profile_revision:
            return self
        return self.model_copy(update={"name": name, "email": email, "profile_revision": revision})

    def deactivated(self, revision: int) -> "User":
        """Return the user as deactivated at `revision`."""
        if self.status == "erased" or revision <= self.status_revision:
            return self
        return self.model_copy(update={"status": "deactivated", "status_revision": revision})

    def erased(self, revision: int) -> "User":
        """Return the tombstone of the user: the id and revisions alone."""
        if self.status == "erased" and revision <= self.status_revision:
            return self
        return User(
            tenant=self.tenant,
            id=self.id,
            status="erased",
            profile_revision=revision,
            status_revision=revision,
        )


OrderStatus = Literal["placed", "confirmed", "fulfilled", "rejected", "cancelled"]
"""What events tell of an order: between two of them it may have come further."""


class Line(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    quantity: int


class Order(Row):
    """An order, with the name of its customer.

    Attributes
    ----------
    revision
        The order's, after the event that told of it.
    customer_name
        None if it is not known, or erased.
    customer_revision
        The customer's `profile_revision` that the name is of: a name never goes back.
    """

    kind: Literal["order"] = "order"
    customer_id: str
    status: OrderStatus
    lines: tuple[Line, ...]
    total: Money
    placed_at: Timestamp
    revision: int
    customer_name: str | None = None
    customer_revision: int = 0

    def bought_by(self, customer: User) -> "Order":
        """Return the order with its customer's name, if that is newer than the one it has."""
        if customer.profile_revision <= self.customer_revision:
            return self
        return self.model_copy(
            update={
                "customer_name": customer.name,
                "customer_revision": customer.profile_revision,
            }
        )


class Media(Row):
    """A picture, with the words in it; a deleted one stays as a tombstone, its id alone.

    Attributes
    ----------
    status
        A deletion has a higher revision than all that is told of the picture: whatever comes
        after it is old.
    name
        The file's name.
    subject
        What it shows, if that was said: a product's SKU, or a user's id.
    revision
        The picture's, after the event that told of it.
    """

    kind: Literal["media"] = "media"
    status: Literal["ready", "deleted"]
    revision: int
    name: str | None = None
    purpose: str | None = None
    subject: str | None = None
    texts: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    ready_at: Timestamp | None = None
