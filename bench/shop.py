"""A shop of customers, orders and pictures, and what is looked for in it: the same each time."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from search_sync.domain.rows import Media, Order, User

TENANT = "acme"

# Of 20 documents 6 are users, 12 orders, 2 pictures.
_KINDS = ("user",) * 6 + ("order",) * 12 + ("media",) * 2
_FIRST = (
    *("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Tim", "Radia", "Ken"),
    *("José", "Zoë", "Søren", "Jürgen", "Chloé", "Łukasz", "Anaïs", "Björn", "Inés", "Noël"),
    *("Mary", "John", "Aisha", "Wei", "Yuki", "Olga", "Pedro", "Fatima", "Liam", "Emma"),
)
_LAST = (
    *("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Perlman"),
    *("García", "Müller", "Kowalski", "Nguyễn", "Ångström", "Dvořák", "Ibáñez", "O'Neill"),
    *("Smith", "Jones", "Brown", "Taylor", "Wilson", "Walker", "Wright", "Robinson", "Thompson"),
)
_MADE_OF = ("red", "blue", "black", "green", "light", "waterproof", "wooden", "leather", "woollen")
_FOR = ("trail", "road", "travel", "kitchen", "winter", "summer", "office", "garden", "camping")
_THINGS = (
    *("runner", "running shoe", "jacket", "lamp", "teapot", "mug", "backpack", "tent", "bottle"),
    *("knife", "chair", "blanket", "notebook", "umbrella", "watch", "glove", "hat", "stove"),
)
_WORDS = ("open", "all", "day", "sale", "fresh", "tea", "coffee", "exit", "new", "hand", "made")
_STATUSES = ("placed", "confirmed", "fulfilled", "fulfilled", "fulfilled", "rejected", "cancelled")
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def rows(number: int) -> Iterator[User | Order | Media]:
    """Yield so many rows of one tenant, as the projection's table has them."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    customers: list[User] = []
    for count in range(number):
        kind = _KINDS[count % len(_KINDS)]
        if kind == "user":
            customers.append(_user(count, chance))
            yield customers[-1]
        elif kind == "order":
            yield _order(count, chance.choice(customers), chance)
        else:
            yield _media(count, chance)


def queries() -> list[dict[str, str]]:
    """Return what is looked for, as query strings: all that people do, what is frequent twice."""
    words = ["lovelace", "trail runner", "teapot", "red woollen blanket", "grace hopper"]
    return [
        *({"q": text} for text in words * 2),
        *({"q": text} for text in ("muller", "angstrom", "sale fresh tea", "wooden chairs")),
        *({"q": text} for text in ("lovelase", "trial runer", "waterprof jaket")),  # typos
        *({"q": text} for text in ("tra", "a", "red w")),  # beginnings
        *(
            {"q": text}
            for text in (_id("usr", 0), _id("ord", 7), sku(3), "ada.lovelace.0@shop.example")
        ),
        *({"q": text} for text in ('"; DROP *:* ~1000', "no such thing anywhere", "é" * 200)),
        {},
        {"kind": "order", "sort": "newest"},
        {"kind": "order", "status": "placed", "sort": "oldest"},
        {"q": "runner", "kind": "order", "facets": "kind,status,date"},
        {"facets": "kind,status,date"},
        {"q": "lamp", "placed_from": "2026-02-01", "placed_to": "2026-03-31"},
        {"q": "tent", "amount_min": "2000", "amount_max": "9000", "currency": "EUR"},
        {"sort": "-amount", "currency": "EUR", "kind": "order"},
        {"kind": "order", "customer": _id("usr", 0), "sort": "newest"},
        {"q": "mug", "limit": "100"},
    ]


def sku(number: int) -> str:
    """Return the SKU of a product."""
    return f"SKU-{number % 2_000:04d}"


def _user(count: int, chance: random.Random) -> User:
    first, last = _some(_FIRST, chance), _some(_LAST, chance)
    if not count:
        first, last = "Ada", "Lovelace"
    plain = f"{first}.{last}.{count}".lower().encode("ascii", "ignore").decode().replace("'", "")
    return User(
        tenant=TENANT,
        id=_id("usr", count),
        name=f"{first} {last}",
        email=f"{plain}@shop.example",
        status="active" if chance.random() < 0.9 else "deactivated",  # noqa: PLR2004 - one of ten
        profile_revision=1,
    )


def _order(count: int, customer: User, chance: random.Random) -> Order:
    lines = [
        {"sku": sku(product), "name": _product(product), "quantity": chance.randint(1, 3)}
        for product in (int(2_000 * chance.random() ** 2) for _ in range(chance.randint(1, 4)))
    ]
    return Order.model_validate(
        {
            "tenant": TENANT,
            "id": _id("ord", count),
            "customer_id": customer.id,
            "customer_name": customer.name,
            "customer_revision": 1,
            "status": chance.choice(_STATUSES),
            "lines": lines,
            "total": {"amount": chance.randint(100, 20_000), "currency": "EUR"},
            "placed_at": _BEGIN + timedelta(minutes=10 * count),
            "revision": 3,
        }
    )


def _media(count: int, chance: random.Random) -> Media:
    return Media.model_validate(
        {
            "tenant": TENANT,
            "id": _id("med", count),
            "status": "ready",
            "revision": 5,
            "name": f"{_some(_WORDS, chance)} {_some(_THINGS, chance)} {count}.jpg",
            "purpose": "product",
            "subject": sku(count),
            "texts": [" ".join(_some(_WORDS, chance) for _ in range(4)) for _ in range(3)],
            "colors": ["#2f4f2f"],
            "ready_at": _BEGIN + timedelta(minutes=10 * count),
        }
    )


def _product(number: int) -> str:
    chance = random.Random(number)  # noqa: S311 - the same each time
    return f"{_some(_MADE_OF, chance)} {_some(_FOR, chance)} {_some(_THINGS, chance)}".capitalize()


def _some(words: tuple[str, ...], chance: random.Random) -> str:
    """Return one of the words: the first ones are frequent, the last ones rare."""
    return words[int(len(words) * chance.random() ** 2)]


def _id(prefix: str, count: int) -> str:
    digits = "".join(_BASE32[count // 32**place % 32] for place in reversed(range(16)))
    return f"{prefix}_01JD000000{digits}"
