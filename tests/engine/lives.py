"""Random lives of users, orders and pictures, and what search is to know of them at the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runtime.ids import new_id
from runtime.testing import incoming
from search_sync.domain.documents import Document, document
from search_sync.domain.rows import Line, Media, Order, User

Event = dict[str, Any]

TENANTS = ("acme", "globex")
_NAMES = ("Ada Lovelace", "Grace Hopper", "José Núñez", "李小龙", "Ærø Østergård", "O'Neill")
_WARES = ("Green tea", "Trail runner", "Mug", "Crème brûlée torch", "50% off bag")
_AT = "2026-11-20T08:30:00Z"
_NEXT = {
    "placed": ("OrderConfirmed", "OrderRejected", "OrderCancelled"),
    "confirmed": ("OrderFulfilled", "OrderRejected", "OrderCancelled"),
}
_STATUS = {
    "OrderConfirmed": ("confirmed", {"confirmed_at": _AT}),
    "OrderFulfilled": ("fulfilled", {"fulfilled_at": _AT}),
    "OrderRejected": ("rejected", {"reason": "OUT_OF_STOCK", "rejected_at": _AT}),
    "OrderCancelled": ("cancelled", {"reason": "too slow"}),
}


@dataclass
class Lives:
    """Changes things at random, and keeps how they are after each change.

    Attributes
    ----------
    random
        What decides.
    users, orders, pictures
        The truth, by id.
    """

    random: Random
    users: dict[str, User] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    pictures: dict[str, Media] = field(default_factory=dict)

    def changes(self, how_many: int) -> Iterator[Event]:
        """Yield the events of so many changes, in the order in which they happen."""
        ways = [self._register, self._update, self._place, self._go_on, self._show, self._leave]
        done = 0
        while done < how_many:
            (way,) = self.random.choices(ways, weights=[3, 4, 4, 4, 2, 1])
            event = way()
            if event is not None:
                done += 1
                yield event

    def documents(self, tenant: str) -> dict[str, Document]:
        """Return the documents that there are to be of a tenant, by the ids of what they show."""
        named = [order.bought_by(self.users[order.customer_id]) for order in self.orders.values()]
        rows = [*self.users.values(), *named, *self.pictures.values()]
        mine = [row for row in rows if row.tenant == tenant]
        return {row.id: made for row in mine if (made := document(row)) is not None}

    def _register(self) -> Event:
        tenant, user = self.random.choice(TENANTS), new_id("usr")
        known = User(tenant=tenant, id=user)
        return self._described(known, "UserRegistered", 1)

    def _update(self) -> Event | None:
        user = self._user()
        return user and self._described(user, "UserUpdated", user.revision + 1)

    def _described(self, user: User, fact: str, revision: int) -> Event:
        name = self.random.choice(_NAMES)
        data = {"name": name, "email": f"{user.id[-6:].lower()}@example.com"}
        self.users[user.id] = user.described(**data, revision=revision)
        return _told("users", fact, user, revision, {"user_id": user.id, **data})

    def _leave(self) -> Event | None:
        user = self._user()
        if user is None:
            return None
        revision = user.revision + 1
        if user.status == "active":
            self.users[user.id] = user.deactivated(revision)
            data = {"user_id": user.id, "reason": "DELETED", "deactivated_at": _AT}
            return _told("users", "UserDeactivated", user, revision, data)
        self.users[user.id] = user.erased(revision)
        return _told("users", "UserErased", user, revision, {"user_id": user.id, "erased_at": _AT})

    def _user(self) -> User | None:
        living = [user for user in self.users.values() if user.status != "erased"]
        return self.random.choice(living) if living else None

    def _place(self) -> Event | None:
        customer = self._user()
        if customer is None:
            return None
        lines = tuple(
            Line(sku=f"SKU-{number}", name=self.random.choice(_WARES), quantity=number)
            for number in range(1, self.random.randint(2, 4))
        )
        order = Order.model_validate(
            {
                "tenant": customer.tenant,
                "id": new_id("ord"),
                "customer_id": customer.id,
                "status": "placed",
                "lines": [line.model_dump() for line in lines],
                "total": {"amount": 450 * len(lines), "currency": "EUR"},
                "placed_at": _AT,
                "revision": 1,
            }
        )
        return self._tell_order(order, "OrderPlaced", {})

    def _go_on(self) -> Event | None:
        open_ = [order for order in self.orders.values() if order.status in _NEXT]
        if not open_:
            return None
        order = self.random.choice(open_)
        fact = self.random.choice(_NEXT[order.status])
        status, data = _STATUS[fact]
        # Between two events that search hears of, an order may change more than once.
        revision = order.revision + self.random.randint(1, 3)
        changed = order.model_copy(update={"status": status, "revision": revision})
        return self._tell_order(changed, fact, data)

    def _tell_order(self, order: Order, fact: str, data: dict[str, str]) -> Event:
        self.orders[order.id] = order
        price = {"amount": 450, "currency": "EUR"}
        fields = {
            "order_id": order.id,
            "customer_id": order.customer_id,
            "type": "STANDARD",
            "items": [{**line.model_dump(), "price": price} for line in order.lines],
            "total": order.total.model_dump(mode="json"),
            "placed_at": _AT,
        }
        return _told("orders", fact, order, order.revision, fields | data)

    def _show(self) -> Event | None:
        shown = [picture for picture in self.pictures.values() if picture.status == "ready"]
        if shown and self.random.random() < 0.4:
            picture = self.random.choice(shown)
            gone = Media(
                tenant=picture.tenant,
                id=picture.id,
                status="deleted",
                revision=picture.revision + 1,
            )
            self.pictures[picture.id] = gone
            data = {"purpose": "product", "subject": "SKU-1", "owner": "ada", "reason": "REQUESTED"}
            return _told("media", "MediaDeleted", gone, gone.revision, {"media_id": gone.id} | data)
        fields = {
            "purpose": "product",
            "subject": "SKU-1",
            "texts": [self.random.choice(_WARES)],
            "colors": ["#2f4f2f"],
            "ready_at": _AT,
        }
        picture = Media.model_validate(
            {
                "tenant": self.random.choice(TENANTS),
                "id": new_id("med"),
                "status": "ready",
                "revision": 5,
                "name": "shop sign.jpg",
                **fields,
            }
        )
        self.pictures[picture.id] = picture
        more = {"filename": picture.name, "owner": "ada", "renditions": [], "missing": []}
        return _told("media", "MediaReady", picture, 5, {"media_id": picture.id, **fields, **more})


def _told(
    service: str, fact: str, of: User | Order | Media, revision: int, data: dict[str, Any]
) -> Event:
    return incoming(
        f"starling.{service}",
        f"{fact}.v1",
        data,
        subject=of.id,
        revision=revision,
        tenant=of.tenant,
    )
