"""Schedules started by hand: a day's report, what is not paid in time, payments against orders."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from ulid import ULID

from infra.journey_steps import until
from tests.e2e.client import Tenant, UnderTest, assert_problem


def ran(stage: UnderTest, *arguments: str) -> dict[str, Any]:
    """Run a schedule of orders, and return what it says of the run."""
    return stage.run("orders", *arguments)


def report(tenant: Tenant, day: str) -> httpx.Response:
    return tenant.admin.send("GET", "orders", f"/reports/{day}")


def placed(tenant: Tenant) -> dict[str, Any]:
    customer = tenant.user()["id"]
    return tenant.order(customer, tenant.product("lamp"))


def test_a_tenants_report_of_a_day(stage: UnderTest, tenant: Tenant) -> None:
    day = placed(tenant)["placed_at"][:10]
    assert_problem(report(tenant, day), 404, "not-found")

    def reported() -> dict[str, Any]:
        ran(stage, "daily-report", "--date", day)
        document: dict[str, Any] = report(tenant, day).json()
        return document

    # The index from which they are counted lags a little.
    document = until("the order was counted", reported, lambda body: body["orders"] == 1)
    assert document["date"] == day
    assert sum(document["by_status"].values()) == 1
    links = document.pop("links")
    with httpx.Client(trust_env=not stage.stage.local) as http:
        kept, table = (http.get(links[kind]) for kind in ("json", "csv"))
    assert kept.json() == document
    assert table.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert {"date": day, "figure": "orders", "of": "", "value": "1"} in lines
    assert_problem(tenant.member.send("GET", "orders", f"/reports/{day}"), 403, "forbidden")
    assert_problem(report(stage.tenant(), day), 404, "not-found")


def test_yesterdays_report_is_made_once(stage: UnderTest, tenant: Tenant) -> None:
    today = date.fromisoformat(placed(tenant)["placed_at"][:10])
    yesterday = (today - timedelta(days=1)).isoformat()
    ran(stage, "daily-report", "--date", yesterday)
    first = report(tenant, yesterday).json()
    assert (first["orders"], first["complete"]) == (0, True)
    assert ran(stage, "daily-report", "--date", yesterday)["already"] >= 1
    assert report(tenant, yesterday).json() | {"links": None} == first | {"links": None}


def test_what_is_to_come_is_refused(stage: UnderTest) -> None:
    done = stage.starling("run", "orders", "daily-report", "--date", "2999-01-01")
    assert done.returncode == 1
    assert "still to come" in " ".join(done.stderr.split())


class Row:
    """An order of long ago, in the table and in the index of what is not paid."""

    def __init__(self, stage: UnderTest, tenant: Tenant) -> None:
        self.dynamodb = stage.client("dynamodb")
        self.table = stage.stage.named("orders")
        order = placed(tenant)
        self.ago = datetime.now(UTC) - timedelta(days=30)
        self.id = f"ord_{ULID.from_datetime(self.ago)}"
        self.tenant, self.customer = tenant.name, order["customer_id"]
        self.until = (self.ago + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def write(self, **data: Any) -> None:
        """Write the order, as if it had been placed by an earlier deployment."""
        line = {"sku": "lamp", "name": "Lamp", "quantity": 1}
        price = {"amount": {"N": "1999"}, "currency": {"S": "EUR"}}
        given = {
            "id": {"S": self.id},
            "customer_id": {"S": self.customer},
            "items": {
                "L": [
                    {
                        "M": {
                            "sku": {"S": line["sku"]},
                            "name": {"S": line["name"]},
                            "quantity": {"N": "1"},
                            "price": {"M": price},
                        }
                    }
                ]
            },
            "total": {"M": price},
            "type": {"S": "STANDARD"},
            "status": {"S": "placed"},
            "placed_at": {"S": self.ago.isoformat()},
            "steps": {"L": []},
        }
        self._put(f"TENANT#{self.tenant}#ORDER#{self.id}", "ORDER", given | data)
        pointer = {"tenant": {"S": self.tenant}, "unpaid_until": {"S": self.until}}
        self._put(
            f"TENANT#{self.tenant}#CUSTOMER#{self.customer}",
            f"OPEN#{self.id}",
            pointer,
            gsi1pk={"S": f"UNPAID#{ord(self.id[-1]) % 8}"},
            gsi1sk={"S": f"{self.until}#{self.tenant}#{self.id}"},
        )

    def _put(self, pk: str, sk: str, data: dict[str, Any], **more: Any) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, "revision": {"N": "1"}, "data": {"M": data}}
        self.dynamodb.put_item(TableName=self.table, Item=item | more)


def test_what_was_never_paid_is_given_up(stage: UnderTest, tenant: Tenant) -> None:
    row = Row(stage, tenant)
    row.write()
    told = until(
        "the order was given up",
        lambda: ran(stage, "clean-up-unpaid"),
        lambda _: order(tenant, row.id)["status"] == "rejected",
    )
    assert told["failed"] == 0
    assert order(tenant, row.id)["reason"] == "payment_overdue"
    moments = tenant.member.send("GET", "orders", f"/orders/{row.id}/timeline").json()["items"]
    assert [moment["what"] for moment in moments] == ["placed", "rejected"]


def order(tenant: Tenant, order_id: str) -> dict[str, Any]:
    document: dict[str, Any] = tenant.member.send("GET", "orders", f"/orders/{order_id}").json()
    return document


def test_a_payment_that_no_order_knows_is_reported(stage: UnderTest, tenant: Tenant) -> None:
    if not stage.stage.local:
        pytest.skip("it would be somebody's money")
    order_id = f"ord_{ULID()}"
    with httpx.Client(trust_env=False, base_url=stage.outputs["payments_sandbox"]) as sandbox:
        made = sandbox.post(
            "/v1/payment_intents",
            headers={"Authorization": "Bearer sk_test_local"},
            data={
                "amount": "1999",
                "currency": "eur",
                "payment_method": "pm_card_visa",
                "payment_method_types[0]": "card",
                "confirm": "true",
                "metadata[order_id]": order_id,
                "metadata[tenant_id]": tenant.name,
            },
        )
    assert made.status_code == 200, made.text
    day = datetime.fromtimestamp(made.json()["created"], UTC).date().isoformat()
    told = ran(stage, "reconcile-payments", "--date", day)
    assert told["by_kind"]["unknown_order"] >= 1
    account = stage.client("sts").get_caller_identity()["Account"]
    bucket = f"{stage.stage.named('orders-documents')}-{account}"
    kept = stage.client("s3").get_object(Bucket=bucket, Key=told["report"])["Body"].read()
    (found,) = [one for one in json.loads(kept)["found"] if one["order_id"] == order_id]
    assert (found["kind"], found["tenant"]) == ("unknown_order", tenant.name)
    assert found["payment"] == {
        "status": "captured",
        "amount": 1999,
        "refunded": 0,
        "currency": "EUR",
    }
