"""Fixtures and builders for tests of what stands on this runtime; never in a bundle.

A pytest plugin (``-p runtime.testing``): AWS is moto, tables and queues are as the stacks make
them, and the builders make events as API Gateway, SQS and streams hand them to a function.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import Phase

from contracts.golden import ROOT
from contracts.limits import Entry
from contracts.recording import Recorder
from runtime import clients, cursor, table
from runtime.cause import Cause
from runtime.commits import Commits
from runtime.ids import new_ulid
from runtime.in_process import in_process
from runtime.settings import settings
from runtime.table import Table

REGION = "eu-west-1"
TABLE = "starling-unit-table"
_LONGEST_NAME = 60
NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

RECORDER = Recorder()
"""Of this process: hears what services publish in tests, and is saved when they have ended."""


# To explain a failure, Hypothesis would trace every line of every example that passes: it takes as
# long again, and its shrunk example says enough.
hypothesis.settings.register_profile("starling", phases=set(Phase) - {Phase.explain})
hypothesis.settings.load_profile("starling")


def pytest_sessionfinish() -> None:
    """Save what was heard."""
    RECORDER.save()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test by the beginning of a long value: the name goes into the environment."""
    if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME:
        return f"{val[:_LONGEST_NAME]!a}... of {len(val)}"
    return None


@dataclass
class Context:
    """Lambda's context, with time left."""

    milliseconds: int = 30_000
    aws_request_id: str = field(default_factory=new_ulid)

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return self.milliseconds


class Countdown(Context):
    """The same, with two seconds less at each look at the clock."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        self.milliseconds -= 2_000
        return self.milliseconds


def forget() -> None:
    """Drop what a process keeps, as if it were a new one.

    But botocore's session: it holds the models of the services, which are slow to read.
    """
    settings.__dict__.clear()
    for cached in (clients._client, table._connected, cursor._connected):  # noqa: SLF001 - this package's own
        cached.cache_clear()


@pytest.fixture(autouse=True)
def commits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commits]:
    """Every commit; the events of a service's test are held against their schemas at its end."""
    observed = Commits.observed(monkeypatch)
    yield observed
    assert not observed.pending  # noqa: S101 - a check of the test
    if request.path.is_relative_to(ROOT / "services"):
        for entry in observed.told:
            RECORDER.hear(entry["source"], entry["detail-type"], json.loads(entry["detail"]))


def create_table(dynamodb: Any, name: str) -> None:
    """Create a table with the keys, indexes and stream of every service's table."""
    keys = ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        KeySchema=_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _schema(f"{index}pk", f"{index}sk"),
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["revision", "data"],
                },
            }
            for index in ("gsi1", "gsi2")
        ],
    )


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS in the process, empty, and a function's environment."""
    if "moto" not in sys.modules:  # a session that was made before would call AWS itself
        clients._session.cache_clear()  # noqa: SLF001 - this package's own
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "STARLING_STAGE": "unit",
        "STARLING_SERVICE": "unit",
        "POWERTOOLS_SERVICE_NAME": "unit",
        "TABLE_NAME": TABLE,
    }.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    forget()
    with in_process(monkeypatch):
        yield
    forget()


@pytest.fixture
def service_table(aws: None) -> Table:
    """The service's table, empty; the function's settings name it."""
    create_table(clients.client("dynamodb"), TABLE)
    return Table.connect()


@pytest.fixture
def cursor_secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that signs cursors."""
    made = clients.client("secretsmanager").create_secret(
        Name="starling/unit/cursors", SecretString="unit-test-key"
    )
    monkeypatch.setenv("CURSOR_SECRET_ID", made["ARN"])


@dataclass(frozen=True)
class Queues:
    """URLs of a consumer's queue and of the dead-letter queue behind it."""

    queue: str
    dead_letters: str

    def dead(self) -> list[dict[str, Any]]:
        """Return the messages in the dead-letter queue, with their attributes."""
        answer = clients.client("sqs").receive_message(
            QueueUrl=self.dead_letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [dict(message) for message in answer.get("Messages", [])]


@pytest.fixture
def queues(aws: None, monkeypatch: pytest.MonkeyPatch) -> Queues:
    """A consumer's queue with its dead-letter queue; the function's settings name them."""
    sqs = clients.client("sqs")
    made = Queues(
        queue=sqs.create_queue(QueueName="unit")["QueueUrl"],
        dead_letters=sqs.create_queue(QueueName="unit-dead")["QueueUrl"],
    )
    monkeypatch.setenv("QUEUE_URL", made.queue)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", made.dead_letters)
    monkeypatch.setenv("QUEUE_ATTEMPTS", "5")
    return made


def cause(tenant: str = "acme") -> Cause:
    """Return a cause."""
    return Cause(tenant=tenant, correlation_id=new_ulid(), causation_id=new_ulid())


def request_event(
    *,
    body: object = None,
    raw: str | None = None,
    tenant: str = "acme",
    user: str = "ada",
    role: str = "admin",
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a request as a REST API hands it to a function.

    Parameters
    ----------
    body
        A JSON value.
    raw
        The body's text instead.
    tenant, user, role
        What the authorizer established.
    path, query, headers
        As the client sent them.
    """
    text = raw if raw is not None else (json.dumps(body) if body is not None else None)
    content = {"Content-Type": "application/json"} if text is not None else {}
    return {
        "headers": content | (headers or {}),
        "queryStringParameters": query,
        "pathParameters": path,
        "requestContext": {
            "requestId": new_ulid(),
            "authorizer": {"tenant": tenant, "user": user, "role": role},
        },
        "body": text,
        "isBase64Encoded": False,
    }


def bus_event(entry: Entry) -> dict[str, Any]:
    """Return an outbox entry as EventBridge delivers it."""
    return {
        "version": "0",
        "id": new_ulid(),
        "source": entry["source"],
        "detail-type": entry["detail-type"],
        "time": "2026-11-20T08:30:00Z",
        "region": REGION,
        "resources": [],
        "detail": json.loads(entry["detail"]),
    }


def incoming(
    source: str,
    detail_type: str,
    data: dict[str, Any],
    *,
    subject: str,
    revision: int = 1,
    tenant: str = "acme",
    event_id: str | None = None,
) -> dict[str, Any]:
    """Return another service's event as EventBridge delivers it."""
    metadata = {
        "id": event_id or new_ulid(),
        "schema_version": f"{detail_type.rpartition('.v')[2]}.0",
        "occurred_at": "2026-11-20T08:30:00Z",
        "subject": subject,
        "revision": revision,
        "tenant_id": tenant,
        "correlation_id": new_ulid(),
        "causation_id": new_ulid(),
        "idempotency_key": f"{detail_type}:{subject}:{revision}",
    }
    detail = json.dumps({"metadata": metadata, "data": data})
    return bus_event({"source": source, "detail-type": detail_type, "detail": detail})


def queue_event(
    *bodies: object, received: int = 1, attributes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return messages as SQS hands them to a function: a body that is a text is sent as it is."""
    given = {
        name: {"stringValue": text, "dataType": "String"}
        for name, text in (attributes or {}).items()
    }
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(received)},
                "messageAttributes": given,
            }
            for number, body in enumerate(bodies)
        ]
    }


def stream_event(*images: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> dict[str, Any]:
    """Return (old, new) images, in DynamoDB's form, as a stream hands them to a function."""
    records = []
    for number, (old, new) in enumerate(images):
        image = new or old or {}
        record: dict[str, Any] = {
            "Keys": {"pk": image["pk"], "sk": image["sk"]},
            "SequenceNumber": str(number),
        }
        if old:
            record["OldImage"] = old
        if new:
            record["NewImage"] = new
        name = "REMOVE" if new is None else "MODIFY" if old else "INSERT"
        records.append({"eventName": name, "dynamodb": record})
    return {"Records": records}
