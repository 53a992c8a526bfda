"""An import that exceeds one function, on a deployed stage: object, rule, state machine, products.

The form is asked for as a large file's and filled by a small one, past the form: what is tested is
the way that it takes.
"""

import json
import re
from typing import Any

from infra.journey_steps import until
from tests.e2e.client import Tenant, UnderTest, assert_problem, created
from tests.e2e.uploads import SECONDS, ended, seen

LARGE = 33 * 1024 * 1024
ASKED = {"filename": "all.csv", "content_type": "text/csv", "size": LARGE, "purpose": "import"}
CSV = '''SKU ,name,price,currency,stock
deep-1,"Deep ""blue""",1999,EUR,4
deep-2,"Two
lines",250,EUR,0
,No sku,1,EUR,1
deep-3,Cheap,-1,EUR,1
'''


def ask(tenant: Tenant) -> tuple[str, str]:
    """Ask for a large import; return its id and its key."""
    asked = created(tenant.admin.send("POST", "media", "/media", json=ASKED))
    return str(asked["id"]), str(asked["upload"]["fields"]["key"])


def uploads(stage: UnderTest) -> str:
    """Return the name of the bucket."""
    name = stage.stage.named("media")
    (stack,) = stage.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    (value,) = [o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == "UploadsBucket"]
    return str(value)


def put(stage: UnderTest, key: str, data: bytes) -> None:
    stage.client("s3").put_object(Bucket=uploads(stage), Key=key, Body=data)


def executions(stage: UnderTest, key: str) -> list[dict[str, Any]]:
    """Return what was started for an object."""
    client = stage.client("stepfunctions")
    (arn,) = [
        machine["stateMachineArn"]
        for machine in client.list_state_machines()["stateMachines"]
        if machine["name"] == stage.stage.named("media", "large-import")
    ]
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=arn)
    told = [
        client.describe_execution(executionArn=one["executionArn"])
        for page in pages
        for one in page["executions"]
    ]
    return [one for one in told if json.loads(one["input"])["detail"]["object"]["key"] == key]


def finished(stage: UnderTest, key: str, count: int) -> list[dict[str, Any]]:
    return until(
        f"{count} executions for {key} had ended",
        lambda: executions(stage, key),
        lambda found: len(found) == count and all(one["status"] != "RUNNING" for one in found),
        seconds=SECONDS,
    )


def test_a_large_import_puts_products_on_sale_and_reports_each_bad_row(
    stage: UnderTest, tenant: Tenant
) -> None:
    media_id, key = ask(tenant)
    assert re.fullmatch(rf"large-files/{tenant.name}/{media_id}\.csv", key)
    put(stage, key, b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode())
    done = ended(tenant, media_id)
    assert (done["status"], done["report"]["accepted"]) == ("ready", 2)
    assert done["report"]["refused"] == 2
    report = tenant.member.http.get(done["report"]["url"]).json()
    assert [row["line"] for row in report["rows"]] == [4, 5]
    assert "sku" in report["rows"][0]["reason"]
    assert "price" in report["rows"][1]["reason"]
    for sku, name in (("deep-1", 'Deep "blue"'), ("deep-2", "Two\r\nlines")):
        product = until(
            f"product {sku} was on sale",
            lambda sku=sku: tenant.member.product(sku),
            lambda answer: answer.status_code == 200,
        ).json()
        assert product["name"] == name
    (execution,) = finished(stage, key, 1)
    assert json.loads(execution["output"]) == {"accepted": 2, "refused": 2}


def test_a_large_import_that_arrives_again_changes_nothing(
    stage: UnderTest, tenant: Tenant
) -> None:
    media_id, key = ask(tenant)
    put(stage, key, CSV.encode())
    ended(tenant, media_id)
    before = seen(tenant, media_id)
    put(stage, key, CSV.replace("deep-", "again-").encode())
    _, second = sorted(finished(stage, key, 2), key=lambda one: one["startDate"])
    assert second["status"] == "SUCCEEDED"
    assert json.loads(second["output"])["claimed"] is False
    assert seen(tenant, media_id)["revision"] == before["revision"]
    assert_problem(tenant.member.send("GET", "orders", "/products/again-1"), 404)


def test_a_large_import_that_cannot_be_read_says_why(stage: UnderTest, tenant: Tenant) -> None:
    media_id, key = ask(tenant)
    put(stage, key, CSV.encode() + "x,Café,1,EUR,1\n".encode("latin-1"))
    done = ended(tenant, media_id)
    assert (done["status"], done["reason"]) == ("rejected", "WRONG_ENCODING")
    (execution,) = finished(stage, key, 1)
    assert execution["status"] == "SUCCEEDED"


def test_a_large_file_that_nobody_asked_for_fails_at_once_and_stays_where_it_is(
    stage: UnderTest, tenant: Tenant
) -> None:
    key = f"large-files/{tenant.name}/med_01ARZ3NDEKTSV4RRFFQ69G5FAV.csv"
    put(stage, key, CSV.encode())
    (execution,) = finished(stage, key, 1)
    assert (execution["status"], execution["error"]) == ("FAILED", "Hopeless")
    assert stage.client("s3").head_object(Bucket=uploads(stage), Key=key)["ContentLength"] == len(
        CSV
    )
