"""Whatever comes in, no handler of any service raises: it answers, sets aside or parks."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.envelope import ContractBroken
from contracts.examples import examples
from infra.discovery import Declared, Service, declared, services
from infra.paths import ROOT
from orders.payments import ProviderUnavailable
from runtime import publisher
from runtime.changes import Key
from runtime.clients import client
from runtime.endpoint import Endpoint
from runtime.queue import Hopeless
from runtime.reaction import Reaction
from runtime.resolver import Resolver
from runtime.schedule import Schedule
from runtime.stream import Stream
from runtime.table import Table
from runtime.task import InvalidInput, Task
from runtime.testing import REGION, Context, Queues, queue_event, request_event
from runtime.worker import Worker
from search_sync.engine.client import connected
from tests.infra.bodies import BODIES

KINDS: dict[str, type[Any]] = {
    "api": Endpoint,
    "reactions": Reaction,
    "resolvers": Resolver,
    "streams": Stream,
    "schedules": Schedule,
    "workers": Worker,
    "workflow": Task,
    "operations": Task,
}
FUZZ = settings(
    max_examples=40,
    deadline=None,
    database=None,
    # An example leaves its traces to the next one: a table is never empty either.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEARCHING = {"/search", "/suggest"}
UNREACHABLE = "http://127.0.0.1:9"  # the port of `discard`: nobody listens


def of_kind(part: str) -> list[Any]:
    return [
        pytest.param(found, id=found.handler)
        for service in services()
        if (service.source / service.package / part).is_dir()
        for found in declared(service, part, KINDS[part])
    ]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
TEXTS = st.dictionaries(
    st.sampled_from(
        [
            "Content-Type",
            "If-Match",
            "Idempotency-Key",
            "Stripe-Signature",
            "X-Correlation-Id",
            "Traceparent",
            "x",
        ]
    ),
    st.text(max_size=20),
)
# A request as the gateway makes it, in which each part is missing, null or anything at all.
SHAPES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "headers": st.none() | TEXTS | ANY,
        "queryStringParameters": ANY,
        "pathParameters": ANY,
        "requestContext": ANY
        | st.fixed_dictionaries({}, optional={"authorizer": ANY, "requestId": ANY}),
        "body": ANY,
        "isBase64Encoded": ANY,
    },
)
# An item as a stream shows it: of DynamoDB's types, in the table's layout or nearly.
ATTRIBUTE = (
    st.sampled_from(["S", "N", "BOOL", "NULL", "X"]).flatmap(
        lambda kind: st.fixed_dictionaries({kind: ANY})
    )
    | st.fixed_dictionaries({"M": st.dictionaries(st.text(max_size=4), st.just({"S": "x"}))})
    | st.fixed_dictionaries({"L": st.lists(st.just({"S": "x"}), max_size=2)})
)
IMAGES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["pk", "sk", "revision", "data", "outbox", "more"], ATTRIBUTE)
)


@pytest.fixture(autouse=True)
def function_environment(
    service_table: Table,
    queues: Queues,
    cursor_secret: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """All that functions find in their environment; the search engine is down.

    Yields the URL of the queue where streams park.
    """
    parked: str = client("sqs").create_queue(QueueName="parked")["QueueUrl"]
    client("events").create_event_bus(Name="unit")
    monkeypatch.setenv("FAILURE_QUEUE_URL", parked)
    monkeypatch.setenv("RETRY_QUEUE_URL", parked)
    monkeypatch.setenv("BUS_NAME", "unit")
    topic = client("sns").create_topic(Name="notifications")["TopicArn"]
    monkeypatch.setenv("NOTIFICATIONS_TOPIC_ARN", topic)
    monkeypatch.setenv("PAYMENT_WEBHOOKS_QUEUE_URL", parked)
    monkeypatch.setenv("PAYMENTS_SECRET_ARN", given_secret())
    monkeypatch.setenv("PAYMENTS_URL", UNREACHABLE)
    monkeypatch.setenv("SEARCH_ENDPOINT", UNREACHABLE)
    for variable in ("DOCUMENTS_BUCKET", "LIBRARY_BUCKET", "UPLOADS_BUCKET"):
        name = variable.lower().replace("_", "-")
        place: Any = {"LocationConstraint": REGION}
        client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
        monkeypatch.setenv(variable, name)
    monkeypatch.setenv("PROCESSING_SECONDS", "300")
    connected.cache_clear()
    for part in KINDS:
        for parameter in of_kind(part):
            handler = parameter.values[0].declaration
            monkeypatch.setattr(handler._collaborators, "_made", None)
    monkeypatch.setattr(publisher.handler._collaborators, "_made", None)
    yield parked
    connected.cache_clear()


def given_secret() -> str:
    """Return the ARN of the payment provider's secret."""
    held = json.dumps({"api_key": "sk_test_1", "webhook_secrets": ["whsec_1"]})
    made = client("secretsmanager").create_secret(Name="payments", SecretString=held)
    return str(made["ARN"])


def waiting(url: str) -> int:
    answer = client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def check_answer(answer: dict[str, Any]) -> int:
    """Check that an answer is one that the gateway takes; return its status."""
    json.dumps(answer).encode()
    status: int = answer["statusCode"]
    if status >= 400:
        document = json.loads(answer["body"])
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        assert document["status"] == status
        assert {"type", "title", "detail", "correlation_id"} <= document.keys()
        # The correlation id may be the client's own, whatever it says.
        said = json.dumps({**document, "correlation_id": ""})
        assert "Traceback" not in said
        assert ".py" not in said
    return status


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_every_kind_of_handler_is_fed_here(service: Service) -> None:
    package = service.source / service.package
    parts = {
        file.parent.name
        for file in package.glob("*/[!_]*.py")
        if "\nhandler = " in file.read_text(encoding="utf-8")
    }
    assert parts <= KINDS.keys(), f"{service.name} has {parts - KINDS.keys()}: feed them too"


@pytest.mark.parametrize("found", of_kind("api"))
def test_an_endpoint_answers_whatever_shape_a_request_has(found: Declared[Endpoint]) -> None:
    @FUZZ
    @given(SHAPES)
    @example({})
    @example(None)
    @example({"requestContext": {"authorizer": "nobody"}})
    @example({"headers": {"X-Correlation-Id": 7}})
    def check(event: Any) -> None:
        assert check_answer(found.declaration(event, Context())) >= 400

    check()


@pytest.mark.parametrize("found", of_kind("api"))
def test_what_a_client_sends_is_never_an_error_of_ours(found: Declared[Endpoint]) -> None:
    endpoint = found.declaration
    fine = BODIES.get(found.handler, [{}])
    names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    bodies = st.fixed_dictionaries(
        {}, optional={name: st.just(value) | ANY for name, value in fine[0].items()}
    )

    @FUZZ
    @given(
        raw=bodies.map(json.dumps) | ANY.map(json.dumps) | st.text(max_size=30),
        headers=TEXTS,
        query=st.none()
        | st.dictionaries(
            st.sampled_from([*endpoint.query.model_fields, "x"]), st.text(max_size=20)
        ),
        path=st.fixed_dictionaries({n: st.text(min_size=1, max_size=40) for n in names}),
    )
    def check(raw: str, headers: dict[str, str], query: Any, path: dict[str, str]) -> None:
        event = request_event(raw=raw, headers=headers, query=query, path=path)
        status = check_answer(endpoint(event, Context()))
        assert status < 500 or (status == 503 and endpoint.path in SEARCHING), event

    check()


@pytest.mark.parametrize("found", of_kind("reactions"))
def test_a_reaction_fails_alone_on_what_is_no_event(
    found: Declared[Reaction], queues: Queues
) -> None:
    reaction = found.declaration
    good = next(iter(examples(reaction.detail_type))).event

    @FUZZ
    @given(ANY.map(json.dumps) | st.text(max_size=30))
    @example("")
    @example("{}")
    @example("null")
    def check(body: str) -> None:
        before = waiting(queues.dead_letters)
        answer = reaction(queue_event(body, good), Context())
        assert answer == {"batchItemFailures": []}, "it is set aside at once, and the other goes on"
        assert waiting(queues.dead_letters) == before + 1

    check()


@pytest.mark.parametrize("found", of_kind("reactions"))
def test_a_reaction_never_raises_whatever_one_field_of_its_event_is(
    found: Declared[Reaction],
) -> None:
    reaction = found.declaration
    good = next(iter(examples(reaction.detail_type))).event
    places = [
        ("detail", part, name) for part in ("metadata", "data") for name in good["detail"][part]
    ]

    @FUZZ
    @given(st.sampled_from([("source",), ("detail",), ("detail", "data"), *places]), ANY)
    def check(place: tuple[str, ...], value: Any) -> None:
        event = copy.deepcopy(good)
        parent = event
        for name in place[:-1]:
            parent = parent[name]
        parent[place[-1]] = value
        answer = reaction(queue_event(event, good), Context())
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        assert failed in ([], ["message-0"]), "another message failed with it"

    check()


@pytest.mark.parametrize("found", of_kind("workers"))
def test_a_worker_sets_aside_what_is_no_message_of_its_own(
    found: Declared[Worker], queues: Queues
) -> None:
    worker = found.declaration

    @FUZZ
    @given(ANY.map(json.dumps) | st.text(max_size=30))
    @example("{")
    @example('{"pk": 1, "sk": null}')
    def check(body: str) -> None:
        before = waiting(queues.dead_letters)
        answer = worker(queue_event(body, body), Context())
        assert answer == {"batchItemFailures": []}
        assert waiting(queues.dead_letters) == before + 2

    check()


@pytest.mark.parametrize("found", of_kind("schedules"))
def test_a_schedule_runs_whatever_the_clock_says(found: Declared[Schedule]) -> None:
    @FUZZ
    @given(st.dictionaries(st.text(max_size=8) | st.just("date"), ANY))
    @example({"source": "aws.events", "detail-type": "Scheduled Event"})
    def check(event: dict[str, Any]) -> None:
        with suppress(InvalidInput, ProviderUnavailable):  # nobody pays here
            found.declaration(event, Context())

    check()


@pytest.mark.parametrize("found", [*of_kind("workflow"), *of_kind("operations")])
def test_a_task_says_by_its_errors_name_that_no_attempt_would_help(found: Declared[Task]) -> None:
    task = found.declaration
    model = task.model
    assert model
    likely = st.fixed_dictionaries({}, optional=dict.fromkeys(model.model_fields, ANY))
    # Who reads an event says so of the event; the state machine knows that name, too.
    known = (InvalidInput, Hopeless, *((ContractBroken,) if task.reader else ()))

    @FUZZ
    @given(ANY | likely)
    @example({"event": {}, "run": "x"})
    def check(event: Any) -> None:
        with suppress(*known):
            task(event, Context())

    check()


@pytest.mark.parametrize("found", of_kind("resolvers"))
def test_a_resolver_answers_whatever_it_is_asked_with_a_problem(found: Declared[Resolver]) -> None:
    arguments = dict.fromkeys(found.declaration.model.model_fields.keys() - {"tenant"}, ANY)
    likely = st.fixed_dictionaries({"tenant": st.just("acme")}, optional=arguments)

    @FUZZ
    @given(ANY | likely)
    @example({"tenant": "acme"})
    def check(event: Any) -> None:
        assert found.declaration(event, Context()).keys() == {"problem"}

    check()


STREAMS = [*of_kind("streams"), pytest.param(publisher, id="runtime.publisher.handler")]


@pytest.mark.parametrize("found", STREAMS)
def test_a_stream_parks_an_item_that_is_not_in_the_tables_layout(
    found: Any, function_environment: str
) -> None:
    handler = found.handler if found is publisher else found.declaration
    keys = Key("TENANT#acme#USER#1", "USER").attributes()

    @FUZZ
    @given(IMAGES, st.none() | IMAGES)
    @example({}, None)
    @example({"revision": {"N": "x"}}, None)
    def check(new: dict[str, Any], old: dict[str, Any] | None) -> None:
        before = waiting(function_environment)
        images = {"NewImage": new} | ({} if old is None else {"OldImage": old})
        record = {"eventName": "MODIFY", "dynamodb": {"Keys": keys, "SequenceNumber": "1"} | images}
        handler({"Records": [record]}, Context())
        assert waiting(function_environment) >= before + 1

    check()


def test_every_handler_of_the_repository_is_found() -> None:
    modules = [
        ".".join(file.relative_to(file.parents[2]).with_suffix("").parts)
        for file in ROOT.glob("services/*/src/*/*/*.py")
        if "\nhandler = " in file.read_text(encoding="utf-8")
    ]
    found = {p.values[0].handler for part in KINDS for p in of_kind(part)}
    assert found == {f"{module}.handler" for module in modules}
