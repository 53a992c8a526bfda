"""Every way that an order's workflow can go, on the emulator's Step Functions.

The definition is the real one, the functions are the test's own: the start says what each attempt
of each task comes to. The pauses between attempts are cut out, for half an hour of them proves
nothing: how often something is tried stays as it is. Of JSON paths that lead nowhere, AWS fails
the execution and the emulator makes nothing: they are looked for in the histories.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.journey_steps import until
from infra.stages import Stage
from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, Stack, assertions  # noqa: E402 - see above
from aws_cdk import aws_events as events  # noqa: E402 - see above
from aws_cdk import aws_sqs as sqs  # noqa: E402 - see above

from infra.constructs.function import Access  # noqa: E402 - see above
from infra.constructs.state_machine import Published, StateMachine, named  # noqa: E402 - see above
from infra.discovery import services  # noqa: E402 - see above

pytestmark = pytest.mark.xdist_group("fulfilment")  # all ways are gone once, not once a worker

AT_ONCE, PATIENCE = 4, 120  # executions; seconds that a busy machine may take for one
URL = "CATCH_UP_URL"
QUEUE = "starling-test-parked"
SCRIPTED = """
import pathlib
FOLDER = pathlib.Path({folder!r})
USUAL = {usual!r}

def handler(event, context):
    task = context.function_name
    placed = event["event"]["detail"]["data"] if "event" in event else None
    cause, order = placed or event["caused_by"], (placed or event)["order_id"]
    asked = " ".join([task, *([event["sku"]] if "sku" in event else [])])
    tries = FOLDER / f"{{order}} {{asked}}"
    with tries.open("a") as file:
        file.write(".")
    said = cause["script"].get(asked, cause["script"].get(task, [None]))
    said = said[min(tries.stat().st_size, len(said)) - 1]
    if isinstance(said, str):
        raise type(said, (Exception,), {{}})(context.aws_request_id)
    if "token" in event:
        token = FOLDER / f"{{order}} {{task}} token"
        token.with_suffix(".part").write_text(event["token"])
        token.with_suffix(".part").rename(token)
    known = {{"order_id": order, "caused_by": cause}}
    usual = {{
        "claim_order": {{**known, "run": event.get("run")}},
        "validate_order": {{**known, "lines": [{{**known, "sku": sku}} for sku in ("tea", "jam")]}},
    }}.get(task, {{}})
    return {{**usual, **USUAL.get(task, {{}}), **(said or {{}})}} or None
"""
TERMS = {
    "EXPRESS": {"retry_seconds": 0, "payment_seconds": 1800},
    "STANDARD": {"retry_seconds": 0, "payment_seconds": 3600},
}
USUAL = {
    "claim_order": {"claimed": True},
    "validate_order": {
        "type": "STANDARD", "needs_approval": False, "approval_seconds": 3600,
        "needs_method": False, "terms": TERMS,
    },
    "settle_approval": {"approved": True},
    "arrange_shipment": {"dispatch_at": "2026-01-01T00:00:00Z"},
    "reject_order": {"status": "rejected"},
}  # fmt: skip


# ---- the ways


@dataclass(frozen=True)
class Way:
    """What the attempts of tasks come to, the last one for ever, and where that leads to.

    Attributes
    ----------
    path
        The states that the execution enters.
    script
        By task: the name of an error, or what to answer other than as usual.
    failures
        How many attempts fail, of all tasks.
    reason
        Why the order is rejected, if it is.
    parked
        What is left for later: the step, and the error.
    status
        How the execution ends.
    answered
        Whether those who are waited for answer.
    """

    path: Sequence[str]
    script: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    failures: int = 0
    reason: str | None = None
    parked: Sequence[tuple[str, str]] = ()
    status: str = "SUCCEEDED"
    answered: bool = True


BEGUN = ("Claim", "Is it ours?", "ValidateOrder")
RESERVING = (*BEGUN, "ReserveInventory")
RESERVED = (*RESERVING, "Reserved")
STANDARD = (*RESERVED, "Of which type?", "Standard", "Does it need approval?")
APPROVING = (*STANDARD, "WaitForApproval")
SETTLING = (*APPROVING, "Settle the approval")
APPROVED = (*SETTLING, "Is it approved?")
PAYING = ("Does it need a payment method?", "ProcessPayment")
ASKING = (*STANDARD, "Does it need a payment method?", "WaitForPaymentMethod")
PAID = (*STANDARD, *PAYING)
SHIPPING = (*PAID, "Ship, bill and tell")
DISPATCHED = ("Ship, bill and tell", "Wait for dispatch", "Fulfil")
LEAVING = (*PAID, *DISPATCHED)
TAKEN = ("Take from the stock", "Tell that it left", "Fulfilled")
REJECTING = ("Reject the order", "How did it end?")
BACK = ("Refund the payment", "Release the inventory", "Tell of the rejection", "Was it foreseen?")
REJECTED = (*REJECTING, *BACK, "Rejected")
FAULT = ("Processing failed", *REJECTING, *BACK, "Failed")
APPROVAL, METHOD = {"needs_approval": True}, {"needs_method": True}
NO_TIME = {"approval_seconds": 1, "terms": {"STANDARD": {"payment_seconds": 1}}}
EMPTY = {"reserve_line": ["OutOfStock"]}  # the shortest way to a rejection, with two failures
OUT = (*RESERVING, "Out of stock")


def fault(path: Sequence[str], script: Mapping[str, Sequence[Any]], failures: int = 1) -> Way:
    """Return a way that ends because of what nobody foresaw."""
    return Way((*path, *FAULT), script, failures, "processing_failed", status="FAILED")


def ended(path: Sequence[str], script: Mapping[str, Sequence[Any]], failures: int = 1) -> Way:
    """Return a way that ends because somebody else has ended the order."""
    return Way((*path, "Ended meanwhile"), script, failures)


def rejection(path: Sequence[str], more: Mapping[str, Any], failures: int, **told: Any) -> Way:
    """Return what else goes wrong with an order that is out of stock."""
    return Way((*OUT, *path), {**EMPTY, **more}, 2 + failures, "out_of_stock", **told)


# Where a task that may find the order ended is done, and on what plan.
TASKS: dict[str, tuple[Sequence[str], dict[str, Any] | None]] = {
    "mark_reserved": (RESERVED, None),
    "request_approval": (APPROVING, APPROVAL),
    "settle_approval": (SETTLING, APPROVAL),
    "request_payment_method": (ASKING, METHOD),
    "process_payment": (PAID, None),
    "arrange_shipment": (SHIPPING, None),
    "issue_invoice": (SHIPPING, None),
    "fulfil_order": (LEAVING, None),
}
WAYS: dict[str, Way] = {
    "as usual": Way((*LEAVING, *TAKEN)),
    "claimed by another": Way(
        (*BEGUN[:2], "Claimed before"), {"claim_order": [{"claimed": False}]}
    ),
    "not an order": Way(BEGUN[:1], {"claim_order": ["ContractBroken"]}, 1, status="FAILED"),
    "not claimed at all": Way(BEGUN[:1], {"claim_order": ["OSError"]}, 9, status="FAILED"),
    "ended before anything": ended(BEGUN, {"validate_order": ["OrderEnded"]}),
    "looked at in vain": fault(BEGUN, {"validate_order": ["OSError"]}, 7),
    "not there": Way(
        (*BEGUN, *FAULT[:2], "Park the compensation", "Failed"),
        {"validate_order": ["NotFound"], "reject_order": ["NotFound"]},
        2, "processing_failed", [("reject", "NotFound")], "FAILED",
    ),
    "out of stock": rejection(REJECTED, {}, 0),
    "one line out of stock": Way(
        (*OUT, *REJECTED), {"reserve_line jam": ["OutOfStock"]}, 1, "out_of_stock"
    ),
    "ended while reserving": ended(RESERVING, {"reserve_line tea": ["NotOpen"]}),
    "no such product": fault(RESERVING, {"reserve_line jam": ["NotFound"]}),
    "not reserved at all": fault(RESERVING, {"reserve_line tea": ["Contended"]}, 10),
    "express": Way(
        (*RESERVED, "Of which type?", "Express", "Does it need approval?", *ASKING[-2:],
         "ProcessPayment", "Wait for the provider", "ProcessPayment", *DISPATCHED, *TAKEN),
        {"validate_order": [METHOD | {"type": "EXPRESS"}],
         "process_payment": ["ProviderLeftAlone", None]}, 1,
    ),
    "an unknown type": Way(
        (*RESERVED, "Of which type?", "Unknown type", *REJECTED[:-1], "Failed"),
        {"validate_order": [{"type": "PIGEON"}]}, 0, "unknown_type", status="FAILED",
    ),
    "approved": Way((*APPROVED, *PAYING, *DISPATCHED, *TAKEN), {"validate_order": [APPROVAL]}),
    "refused": Way(
        (*APPROVED, "Not approved", *REJECTED),
        {"validate_order": [APPROVAL], "settle_approval": [{"approved": False}]},
        0, "not_approved",
    ),
    "approved by nobody": Way(
        (*APPROVED, "Not approved", *REJECTED),
        {"validate_order": [APPROVAL | NO_TIME], "settle_approval": [{"approved": False}]},
        1, "not_approved", answered=False,
    ),
    "a payment method": Way(
        (*ASKING, "ProcessPayment", *DISPATCHED, *TAKEN), {"validate_order": [METHOD]}
    ),
    "a payment method before it was asked for": Way(
        (*ASKING, "ProcessPayment", *DISPATCHED, *TAKEN),
        {"validate_order": [METHOD], "request_payment_method": ["PaymentMethodGiven"]}, 1,
    ),
    "no payment method": Way(
        (*ASKING, "ProcessPayment", "Payment overdue", *REJECTED),
        {"validate_order": [METHOD | NO_TIME], "process_payment": ["PaymentOverdue"]},
        2, "payment_overdue", answered=False,
    ),
    "declined": Way(
        (*PAID, "HandlePaymentFailure", *REJECTED),
        {"process_payment": ["PaymentFailed"]}, 1, "payment_failed",
    ),
    "a provider that is down": Way(
        (*PAID, *2 * ("Wait for the provider", "ProcessPayment"), *DISPATCHED, *TAKEN),
        {"process_payment": [*6 * ["ProviderUnavailable"], None]}, 6,
    ),
    "a provider that stays down": Way(
        (*PAID, "Wait for the provider", "ProcessPayment", "Payment overdue", *REJECTED),
        {"process_payment": [*3 * ["ProviderUnavailable"], "PaymentOverdue"]},
        4, "payment_overdue",
    ),
    "a payment refused": fault(PAID, {"process_payment": ["PaymentRefused"]}),
    "a payment too slow": fault(PAID, {"process_payment": ["States.Timeout"]}, 7),
    "a customer who cannot be told": Way(
        (*LEAVING, *TAKEN[:2], "Park the last notice", "Fulfilled"),
        {"notify_customer": ["OSError"]}, 14, None, 2 * [("notify", "OSError")],
    ),
    "a customer who cannot be told of the leaving": Way(
        (*LEAVING, *TAKEN[:2], "Park the last notice", "Fulfilled"),
        {"notify_customer": [None, "NotFound"]}, 1, None, [("notify", "NotFound")],
    ),
    "a stock that nothing is taken from": Way(
        (*LEAVING, TAKEN[0], "Park the taking", *TAKEN[1:]),
        {"take_inventory": ["OSError"]}, 10, None, [("take", "OSError")],
    ),
    "cancelled before it was rejected": rejection(
        (*REJECTING, "Ended meanwhile"), {"reject_order": [{"status": "cancelled"}]}, 0
    ),
    "left though the answer was lost": Way(
        (*LEAVING, *FAULT[:3], *TAKEN),
        {"fulfil_order": ["OSError"], "reject_order": [{"status": "fulfilled"}]},
        7, "processing_failed",
    ),
    "not rejected at all": rejection(
        (REJECTING[0], "Park the compensation", "Failed"), {"reject_order": ["OSError"]}, 10,
        parked=[("reject", "OSError")], status="FAILED",
    ),
    "a refund refused": rejection(
        (*REJECTING, BACK[0], "Park the refund", *BACK[1:], "Rejected"),
        {"refund_payment": ["PaymentRefused"]}, 1, parked=[("refund", "PaymentRefused")],
    ),
    "not refunded at all": rejection(
        (*REJECTING, BACK[0], "Park the refund", *BACK[1:], "Rejected"),
        {"refund_payment": ["OSError"]}, 11, parked=[("refund", "OSError")],
    ),
    "not released at all": rejection(
        (*REJECTING, *BACK[:2], "Park the release", *BACK[2:], "Rejected"),
        {"release_inventory": ["OSError"]}, 10, parked=[("release", "OSError")],
    ),
    "nothing goes back": rejection(
        (*REJECTING, BACK[0], "Park the refund", BACK[1], "Park the release", BACK[2],
         "Park the rejection's notice", BACK[3], "Rejected"),
        {name: ["InvalidInput"] for name in
         ("refund_payment", "release_inventory", "notify_customer")},
        3, parked=[(step, "InvalidInput") for step in ("refund", "release", "notify")],
    ),
    "each task fails once": Way(
        (*APPROVED, *ASKING[-2:], "ProcessPayment", *DISPATCHED, *TAKEN),
        {name: ["OSError", None] for name in
         (*TASKS, "claim_order", "reserve_line", "take_inventory", "notify_customer")}
        | {"validate_order": ["OSError", APPROVAL | METHOD]},
        14,  # two lines, and one notice of two
    ),
}  # fmt: skip
for name, (path, plan) in TASKS.items():
    given = {"validate_order": [plan]}
    WAYS |= {
        f"{name}: ended meanwhile": ended(path, {**given, name: ["OrderEnded"]}),
        f"{name}: hopeless": fault(path, {**given, name: ["InvalidInput"]}),
        f"{name}: fails again and again": fault(path, {**given, name: ["OSError"]}, 7),
    }
WAY = pytest.mark.parametrize("name", WAYS)


# ---- going them


@dataclass(frozen=True)
class Visit:
    """What a history tells of a state that was entered, and of the parts of that state."""

    state: str
    given: dict[str, Any]
    scheduled: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: dict[str, Any] = field(default_factory=dict)

    @property
    def caught(self) -> str | None:
        """The error that the state was left for."""
        error, before = self.left.get("error"), self.given.get("error")
        return error["Error"] if error and error != before else None


@dataclass(frozen=True)
class Run:
    """An execution, as far as it has come."""

    arn: str
    told: dict[str, Any]
    visits: list[Visit]

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(visit.state for visit in self.visits)


def visits(history: Sequence[Mapping[str, Any]]) -> Iterator[Visit]:
    """Yield the states that a history tells of."""
    visit = Visit("", {})
    for event in history:
        if entered := event.get("stateEnteredEventDetails"):
            visit = Visit(entered["name"], json.loads(entered["input"]))
            yield visit
        elif exited := event.get("stateExitedEventDetails"):
            visit.left.update(json.loads(exited["output"]))
        elif scheduled := event.get("taskScheduledEventDetails"):
            visit.scheduled.append(scheduled["resource"])
        elif failed := event.get("taskFailedEventDetails"):
            visit.failed.append(failed["error"])


def states_in(machine: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield the states of a definition: of a part, the state that the part is of comes first."""
    for name, state in machine["States"].items():
        yield within, name, state
        parts = [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]
        for part in parts:
            yield from states_in(part, name)


class Machine:
    """The state machine on the emulator."""

    def __init__(self, emulator: Any, stage: Stage, name: str, folder: Path) -> None:
        self.stage, self.folder, self.bus = stage, folder, emulator.client("events")
        self.states, self.sqs = emulator.client("stepfunctions"), emulator.client("sqs")
        self.url = self.sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
        region = self.states.meta.region_name
        self.arn = f"arn:aws:states:{region}:000000000000:stateMachine:{name}"
        self.told = self.states.describe_state_machine(stateMachineArn=self.arn)
        self.definition = json.loads(self.told["definition"])

    def event(self, order_id: str, way: Way, detail_type: str = "OrderPlaced.v1") -> dict[str, Any]:
        """Return the event that an order was placed, as its publisher puts it."""
        data = {"order_id": order_id, "script": way.script}
        return {
            "source": "starling.orders",
            "detail-type": detail_type,
            "detail": {"metadata": {"tenant_id": "acme"}, "data": data},
        }

    def start(self, order_id: str, way: Way, machine: str | None = None) -> str:
        """Start an execution as the rule does."""
        given = json.dumps(self.event(order_id, way))
        told = self.states.start_execution(stateMachineArn=machine or self.arn, input=given)
        return str(told["executionArn"])

    def go(self, order_id: str, way: Way, machine: str | None = None) -> Run:
        """Start an execution, and return it when it has ended."""
        return self.ended(self.start(order_id, way, machine), order_id, way)

    def ended(self, arn: str, order_id: str, way: Way) -> Run:
        """Answer when somebody is waited for, and return an execution when it has ended."""

        def look() -> Any:
            for token in self.folder.glob(f"{order_id} * token") if way.answered else ():
                self.states.send_task_success(taskToken=token.read_text(), output="{}")
                token.unlink()
            return self.states.describe_execution(executionArn=arn)

        until(f"{order_id} ended", look, lambda told: told["status"] != "RUNNING", PATIENCE)
        return self.seen(arn)

    def seen(self, arn: str) -> Run:
        """Return an execution as it is."""
        told = self.states.describe_execution(executionArn=arn)
        history = self.states.get_execution_history(executionArn=arn, maxResults=1000)
        return Run(arn, told, [*visits(history["events"])])

    def parked(self) -> Iterator[dict[str, Any]]:
        """Take out of the queue whatever is in it."""
        while messages := self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            yield from messages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the functions keep count, and leave the tokens that they were given."""
    return tmp_path_factory.mktemp("fulfilment")


@pytest.fixture(scope="module")
def functions(emulator: Any, folder: Path) -> Mapping[str, Any]:
    """A function of the test's own for each task."""
    (orders,) = services(["orders"])
    client, code = emulator.client("lambda"), io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", SCRIPTED.format(folder=str(folder), usual=USUAL))
    return {
        name: SimpleNamespace(
            arn=client.create_function(
                FunctionName=name, Runtime="python3.13", Handler="index.handler", Timeout=60,
                Role="arn:aws:iam::000000000000:role/none", Code={"ZipFile": code.getvalue()},
            )["FunctionArn"]
        )
        for name in named(orders.definition("fulfilment")) - {URL}
    }  # fmt: skip


@pytest.fixture(scope="module")
def machine(emulator: Any, functions: Mapping[str, Any], folder: Path) -> Machine:
    """The state machine as the construct makes it, and what starts it."""
    (orders,) = services(["orders"])
    definition = orders.definition("fulfilment")
    stage = replace(emulator.stage, name="fulfilment")  # the bus of the other is another test's
    stack = Stack(App(), "fulfilment")
    events.CfnEventBus(stack, "Bus", name=stage.named())
    parked = sqs.CfnQueue(stack, "Parked", queue_name=QUEUE)
    made = StateMachine(
        stack,
        "Machine",
        stage=stage,
        name="fulfilment",
        definition=re.sub(r'"IntervalSeconds": \d+', '"IntervalSeconds": 0', definition),
        tasks=functions,
        access=[Access({URL: parked.ref})],
        started=Published("starling.orders", "OrderPlaced.v1"),
    )
    template = dict(assertions.Template.from_stack(stack).to_json())
    template.pop("Parameters")  # of the CDK's own bootstrap
    template.pop("Rules")
    emulator.deploy("fulfilment", template)
    return Machine(emulator, stage, made.name, folder)


@pytest.fixture(scope="module")
def runs(machine: Machine) -> Mapping[str, Run]:
    """All the ways, gone."""
    numbered = [(f"ord_{number}", way) for number, way in enumerate(WAYS.values())]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(WAYS, pool.map(lambda one: machine.go(*one), numbered), strict=True))


@pytest.fixture(scope="module")
def parked(runs: Mapping[str, Run], machine: Machine) -> Sequence[Any]:
    """What all the ways have left for later."""
    return [*machine.parked()]


@WAY
def test_the_way_leads_where_it_shall(name: str, runs: Mapping[str, Run]) -> None:
    run, way = runs[name], WAYS[name]
    assert run.path == (*way.path,)
    assert run.told["status"] == way.status
    assert sum(len(visit.failed) for visit in run.visits) == way.failures


@WAY
def test_the_order_is_rejected_for_the_reason(name: str, runs: Mapping[str, Run]) -> None:
    given = [visit.given for visit in runs[name].visits if visit.state == "Reject the order"]
    reason = WAYS[name].reason
    assert [one["reason"] for one in given] == ([reason] if reason else [])


@WAY
def test_what_could_not_be_done_is_parked(
    name: str, runs: Mapping[str, Run], parked: Sequence[Any]
) -> None:
    run, way = runs[name], WAYS[name]
    order = {"order_id": json.loads(run.told["input"])["detail"]["data"]["order_id"]}

    def value(message: Any, attribute: str) -> str:
        return str(message["MessageAttributes"][attribute]["StringValue"])

    mine = [one for one in parked if value(one, "execution") == run.arn]
    bodies = [json.loads(one["Body"]) for one in mine]
    assert [
        (body["step"], value(one, "reason")) for body, one in zip(bodies, mine, strict=True)
    ] == [*way.parked]
    for body in bodies:
        why = {"reason": way.reason} if body["step"] == "reject" else {}
        cause = {**order, "script": way.script}
        assert body == {"step": body["step"], **order, "caused_by": cause, **why}


@pytest.mark.parametrize(("name", "kind"), [("as usual", "STANDARD"), ("express", "EXPRESS")])
def test_the_terms_are_those_of_the_order_s_type(
    name: str, kind: str, runs: Mapping[str, Run]
) -> None:
    (*_, paying) = (visit for visit in runs[name].visits if visit.state == "ProcessPayment")
    assert paying.given["terms"] == TERMS[kind]


def test_a_failed_execution_says_what_is_to_be_said(runs: Mapping[str, Run]) -> None:
    failed = [run for run in runs.values() if run.told["status"] == "FAILED"]
    assert {(run.path[-1], run.told["error"]) for run in failed} == {
        ("Claim", "ContractBroken"),
        ("Claim", "OSError"),
        ("Failed", "OrderNotProcessed"),
    }


# ---- nothing is left out


def handled(state: Mapping[str, Any]) -> set[str]:
    return {error for catch in state.get("Catch", []) for error in catch["ErrorEquals"]}


def defined(definition: Any) -> set[tuple[str, str, str]]:
    """Return the steps from state to state that a definition has, and the error that each is for.

    From a Map and a Parallel there is one to the beginning of each part.
    """
    steps = set()
    for _, name, state in states_in(definition):
        following = [state.get("Next"), state.get("Default")]
        following += [rule["Next"] for rule in state.get("Choices", [])]
        following += [part["StartAt"] for part in state.get("Branches", [])]
        following += [state.get("ItemProcessor", {}).get("StartAt")]
        steps |= {(name, "", one) for one in following if one}
        for catch in state.get("Catch", []):
            steps |= {(name, error, catch["Next"]) for error in catch["ErrorEquals"]}
    return steps


def taken(definition: Any, run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield the steps that an execution took.

    What is done within a Map or a Parallel a history tells by the resources alone: a step was
    taken there if what is before it and what is behind it were both asked for.
    """
    states = definition["States"]
    for visit, following in zip(run.visits, run.visits[1:], strict=False):
        error = visit.caught
        if error and error not in handled(states[visit.state]):
            error = "States.ALL"
        yield visit.state, error or "", following.state
    parts = {name for within, name, _ in states_in(definition) if within}
    asked = {
        (within, name): state["Resource"] for within, name, state in states_in(definition) if within
    }
    for visit in run.visits:
        seen = {
            name
            for (within, name), resource in asked.items()
            if within == visit.state and resource in visit.scheduled
        } | {visit.state}
        for before, error, after in defined(definition):
            if before in seen and after in seen & parts:
                yield before, error, after


def test_every_step_of_the_definition_is_taken(machine: Machine, runs: Mapping[str, Run]) -> None:
    steps = {step for run in runs.values() for step in taken(machine.definition, run)}
    assert sorted(defined(machine.definition) - steps) == [], "never taken"
    assert sorted(steps - defined(machine.definition)) == [], "not in the definition"


def test_what_no_attempt_can_help_is_tried_once(machine: Machine) -> None:
    """That is what a task cannot read or find, and whatever leads somewhere by its name."""
    for within, name, state in states_in(machine.definition):
        if state["Type"] == "Task" and "sqs:" not in state["Resource"]:
            tries = attempts(state)
            leading = handled(state) or handled(machine.definition["States"].get(within, {}))
            hopeless = leading | {"InvalidInput", "NotFound"}
            again = {error for error in hopeless if tries.get(error, tries["States.ALL"])}
            assert again <= {"States.ALL", "ProviderUnavailable"}, name


def test_all_else_is_tried_again_and_what_is_parked_the_longest(machine: Machine) -> None:
    for _, name, state in states_in(machine.definition):
        if state["Type"] == "Task":
            least = 10 if "sqs:" in state["Resource"] else 6
            assert attempts(state)["States.ALL"] >= least, name


def attempts(state: Mapping[str, Any]) -> dict[str, int]:
    """Return how often a task is tried again, by error; of an error's rules the first counts."""
    return {
        error: retry["MaxAttempts"]
        for retry in reversed(state["Retry"])
        for error in retry["ErrorEquals"]
    }


def paths_in(template: Any) -> Iterator[str]:
    """Yield the paths that a state, or a part of one, reads of its input."""
    found = template.items() if isinstance(template, dict) else enumerate(template)
    for key, value in found:
        if key in {"Catch", "Retry", "Branches", "ItemProcessor", "ResultSelector", "ResultPath"}:
            continue
        if isinstance(value, dict | list):
            yield from paths_in(value)
        elif str(key).endswith((".$", "Path")) or key == "Variable":
            yield str(value)


def leads_somewhere(path: str, given: Any) -> bool:
    for name in path.split(".")[1:]:
        if not isinstance(given, dict) or name not in given:
            return False
        given = given[name]
    return True


def test_no_state_reads_what_its_input_has_not(machine: Machine, runs: Mapping[str, Run]) -> None:
    read = [
        (visit.state, path, leads_somewhere(path, visit.given))
        for run in runs.values()
        for visit in run.visits
        for path in paths_in(machine.definition["States"][visit.state])
        if not path.startswith("$$")
    ]
    assert {path for _, path, _ in read} >= {
        "$.lines", "$.terms.EXPRESS", "$.terms.retry_seconds", "$.shipment.dispatch_at",
        "$.approval_seconds", "$.terms.payment_seconds", "$.error.Error", "$.ended.status",
    }  # fmt: skip
    assert [one for one in read if not one[2]] == []


# ---- its beginning, its waits, and its last resort


def test_the_order_s_event_on_the_bus_starts_it_and_no_other_does(machine: Machine) -> None:
    """The other comes first: when this one has ended, nothing more comes of the other."""
    way = WAYS["as usual"]
    for order_id, detail_type in (
        ("ord_other", "OrderConfirmed.v1"),
        ("ord_rule", "OrderPlaced.v1"),
    ):
        event = machine.event(order_id, way, detail_type)
        entry = {
            "EventBusName": machine.stage.named(),
            "Source": event["source"],
            "DetailType": detail_type,
            "Detail": json.dumps(event["detail"]),
        }
        assert machine.bus.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def started(order_id: str) -> list[str]:
        listed = machine.states.list_executions(stateMachineArn=machine.arn)["executions"]
        arns = [one["executionArn"] for one in listed]
        return [
            arn
            for arn in arns
            if order_id in machine.states.describe_execution(executionArn=arn)["input"]
        ]

    (arn,) = until("the event started it", lambda: started("ord_rule"), bool, PATIENCE)
    run = machine.ended(arn, "ord_rule", way)
    assert run.path == (*way.path,)
    assert run.visits[0].left["run"] == run.told["name"]
    given = json.loads(run.told["input"])
    assert {key: given[key] for key in event} == event, "the others are not started as it is"
    assert started("ord_other") == []


@pytest.mark.parametrize(
    ("state", "script"),
    [
        ("Wait for dispatch", {"arrange_shipment": [{"dispatch_at": "2099-01-01T00:00:00Z"}]}),
        (
            "Wait for the provider",
            {
                "validate_order": [{"terms": {"STANDARD": {"retry_seconds": 9999}}}],
                "process_payment": [*3 * ["ProviderUnavailable"], None],
            },
        ),
    ],
    ids=["for the dispatch", "for the provider"],
)
def test_it_waits(state: str, script: Any, machine: Machine) -> None:
    """Another order goes all its way meanwhile."""
    order_id = f"ord_{state}"
    arn = machine.start(order_id, Way((), script))
    until("it waits", lambda: machine.seen(arn).path[-1:], lambda last: last == (state,), PATIENCE)
    machine.go(f"{order_id}_other", WAYS["as usual"])
    run = machine.seen(arn)
    machine.states.stop_execution(executionArn=arn)
    assert (run.told["status"], run.path[-1]) == ("RUNNING", state)


def test_what_cannot_even_be_parked_fails_the_execution(machine: Machine) -> None:
    definition = machine.told["definition"].replace(machine.url, f"{machine.url}-not-there")
    arn = machine.states.create_state_machine(
        name="without-a-queue", definition=definition, roleArn=machine.told["roleArn"]
    )["stateMachineArn"]
    run = machine.go("ord_lost", WAYS["a refund refused"], arn)
    assert (run.told["status"], run.path[-1]) == ("FAILED", "Park the refund")
    assert len(run.visits[-1].failed) == 11
    assert run.told["error"].startswith("SQS.")
