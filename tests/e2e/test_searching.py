"""What search tells of things that other services change."""

from typing import Any

import pytest

from tests.e2e.client import Tenant

PAID: dict[str, Any] = {"payment_method": "pm_card_visa", "type": "EXPRESS"}
DECLINED: dict[str, Any] = {"payment_method": "pm_card_chargeDeclined", "type": "EXPRESS"}


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        pytest.param(PAID, "fulfilled", id="paid"),
        pytest.param(DECLINED, "rejected", id="declined"),
        pytest.param({"quantity": 11}, "rejected", id="more than there are"),
        pytest.param({}, "placed", id="not paid yet"),
    ],
)
def test_search_tells_how_far_an_order_has_come(
    tenant: Tenant, wanted: dict[str, Any], status: str
) -> None:
    user, sku = tenant.user(), tenant.product()
    order = tenant.order(user["id"], sku, **wanted)["id"]
    tenant.reached(order, "reserved" if status == "placed" else status)
    found = tenant.found(order, lambda i: bool(i["status"] == status and i["customer_name"]))
    assert found["customer_name"] == user["name"]


def test_no_name_comes_back_with_what_becomes_of_an_erased_customers_order(tenant: Tenant) -> None:
    user, sku = tenant.user(), tenant.product()
    order = tenant.order(user["id"], sku, **PAID)["id"]
    tenant.found(order, lambda i: bool(i["status"] == "fulfilled" and i["customer_name"]))
    tenant.admin.send("DELETE", "users", f"/users/{user['id']}")
    found = tenant.found(order, lambda i: i["customer_name"] is None)
    assert found["status"] == "fulfilled"
