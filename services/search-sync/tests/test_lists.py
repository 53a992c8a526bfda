"""Where rows stand in the table's indexes, from which the graph reads its lists."""

from itertools import permutations
from typing import Any

import pytest

KEYS = ("gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")


def keys(image: dict[str, Any]) -> dict[str, str]:
    """Return the keys of the indexes that a row has."""
    return {name: image[name]["S"] for name in KEYS if name in image}


def test_an_order_is_found_by_its_id_and_listed_by_its_status(projected: Any, told: Any) -> None:
    projected.deliver(told.registered(), told.placed())
    expected = {
        "gsi1pk": "TENANT#acme#ORDERS",
        "gsi1sk": told.tea,
        "gsi2pk": "TENANT#acme#ORDERS#placed",
        "gsi2sk": told.tea,
    }
    assert keys(projected.image(f"ORDER#{told.tea}")) == expected
    projected.deliver(told.fulfilled())
    expected["gsi2pk"] = "TENANT#acme#ORDERS#fulfilled"
    assert keys(projected.image(f"ORDER#{told.tea}")) == expected


def test_an_order_keeps_its_place_when_its_customer_changes(projected: Any, told: Any) -> None:
    projected.deliver(told.placed())
    before = keys(projected.image(f"ORDER#{told.tea}"))
    for event in (told.registered(), told.updated(), told.deactivated(), told.erased()):
        projected.deliver(event)
        assert keys(projected.image(f"ORDER#{told.tea}")) == before


@pytest.mark.parametrize("order", [*permutations([0, 1, 2])])
def test_an_order_is_listed_by_its_last_status_in_whatever_order_events_come(
    projected: Any, told: Any, order: tuple[int, ...]
) -> None:
    steps = [told.placed(), told.confirmed(), told.fulfilled()]
    projected.deliver(*[steps[step] for step in order])
    listed = projected.table.query("TENANT#acme#ORDERS#fulfilled", index="gsi2", limit=10)
    assert [row.data["id"] for row in listed.items] == [told.tea]
    for status in ("placed", "confirmed"):
        assert not projected.table.query(
            f"TENANT#acme#ORDERS#{status}", index="gsi2", limit=10
        ).items


def test_users_stand_in_no_index(projected: Any, told: Any) -> None:
    projected.deliver(told.registered())
    assert keys(projected.image()) == {}


def test_a_picture_is_listed_by_what_it_shows_until_it_is_deleted(
    projected: Any, told: Any
) -> None:
    projected.deliver(told.ready())
    of = f"MEDIA#{told.sign}"
    expected = {"gsi1pk": "TENANT#acme#OF#product#TEA-1", "gsi1sk": told.sign}
    assert keys(projected.image("MEDIA", of)) == expected
    projected.deliver(told.deleted())
    assert keys(projected.image("MEDIA", of)) == {}


def test_a_picture_of_nothing_stands_in_no_index(projected: Any, told: Any) -> None:
    projected.deliver(told.ready(subject=None))
    assert keys(projected.image("MEDIA", f"MEDIA#{told.sign}")) == {}


def test_lists_of_tenants_with_the_same_ids_are_apart(projected: Any, told: Any) -> None:
    globex = type(told)("globex")
    projected.deliver(told.placed(), globex.placed(), globex.cancelled())
    for tenant, status in (("acme", "placed"), ("globex", "cancelled")):
        (row,) = projected.table.query(f"TENANT#{tenant}#ORDERS", index="gsi1", limit=10).items
        assert (row.data["tenant"], row.data["status"]) == (tenant, status)
