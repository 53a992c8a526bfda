"""`starling orders watch`: an order is followed while it lives."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.client import Tenant, UnderTest

STARLING = Path(sys.executable).with_name("starling")


def command(stage: UnderTest, tenant: Tenant, order: str) -> list[str | Path]:
    return [
        STARLING, "orders", "watch", order, "--tenant", tenant.name, "--stage", stage.stage.name
    ]  # fmt: skip


def told(line: str) -> list[str]:
    """Return what a line tells: all but the time."""
    return line.strip().split(maxsplit=2)[1:]


def test_what_happens_is_told_as_it_happens_until_the_end(stage: UnderTest, tenant: Tenant) -> None:
    order = tenant.order(tenant.user()["id"], tenant.product())["id"]
    with subprocess.Popen(
        command(stage, tenant, order), stdout=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout
        assert told(watching.stdout.readline()) == ["placed"]
        assert told(watching.stdout.readline()) == ["reserved"]
        answer = tenant.member.send("POST", "orders", f"/orders/{order}/cancel")
        assert answer.status_code == 200
        # Nobody paid it: no refund is waited for.
        at, what, why = watching.stdout.readline().strip().split(maxsplit=2)
        assert (at, what, why) == (
            answer.json()["cancelled_at"],
            "cancelled",
            "cancelled on request",
        )
        assert watching.stdout.read() == ""
    assert watching.returncode == 0


@pytest.mark.parametrize(
    ("card", "life"),
    [
        pytest.param("visa", ["confirmed", "invoiced", "fulfilled"], id="paid"),
        pytest.param("chargeDeclined", ["rejected payment_failed"], id="declined"),
    ],
)
def test_a_life_is_told_to_its_end(
    stage: UnderTest, tenant: Tenant, card: str, life: list[str]
) -> None:
    customer, lamp = tenant.user()["id"], tenant.product()
    order = tenant.order(customer, lamp, type="EXPRESS", payment_method=f"pm_card_{card}")["id"]
    done = subprocess.run(
        command(stage, tenant, order), stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    moments = [" ".join(told(line)) for line in done.stdout.splitlines()]
    assert moments == ["placed", "reserved", *life]


def test_another_tenant_s_order_cannot_be_watched(
    stage: UnderTest, tenant: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    order = tenant.order(tenant.user()["id"], tenant.product())["id"]
    done = subprocess.run(
        command(stage, new_tenant(), order), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"has no order {order}" in " ".join(done.stderr.split())
