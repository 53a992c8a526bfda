"""The workflow in the process: its definition, carried out task by task as a test says."""

import json
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.envelope import parse_event
from contracts.money import Money
from orders import workflow
from orders.closing import Closing
from orders.compensation import Compensation
from orders.domain.orders import Order
from orders.inventory import Inventory
from orders.paying import Paying
from orders.payments import Payment, PaymentDeclined, PaymentRefused
from orders.reactions.on_order_cancelled import Cancelled, on_order_cancelled
from orders.store import Orders
from orders.waiting import Waiting
from orders.workers.catch_up import catch_up
from runtime.changes import Key
from runtime.commits import Commits, Crash
from runtime.ids import new_id
from runtime.reaction import Event
from runtime.table import Table
from runtime.task import Task
from runtime.testing import Context, bus_event

DEFINITION = json.loads(Path(workflow.__file__).with_name("fulfilment.asl.json").read_text())
FOREVER = 10_000
DECLINED = "pm_card_chargeDeclined"


@dataclass
class Bank:
    """A payment provider that forgets nothing, and fails when it is told to."""

    trouble: Callable[[], None] = lambda: None
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    refuses: bool = False

    def begin(self, *, tenant: str, order_id: str, amount: Money, method: str, key: str) -> Payment:
        self.trouble()
        if key not in self.begun:
            self.begun[key] = f"pi_{len(self.begun) + 1}"
            self.intents[self.begun[key]] = {
                "order": order_id, "method": method, "amount": amount, "status": "pending",
                "captured": 0, "refunded": 0,
            }  # fmt: skip
        self.trouble()
        return self.find(self.begun[key])

    def capture(self, payment_id: str, *, key: str) -> Payment:
        self.trouble()
        intent = self.intents[payment_id]
        if intent["status"] in {"pending", "failed"}:
            if intent["method"] == DECLINED:
                intent["status"] = "failed"
                raise PaymentDeclined("card_declined")
            intent["status"] = "captured"
            intent["captured"] += intent["amount"].amount
        self.trouble()
        return self.find(payment_id)

    def undo(self, payment_id: str, *, key: str) -> Payment:
        self.trouble()
        if self.refuses:
            raise PaymentRefused("resource_missing")
        intent = self.intents[payment_id]
        if intent["status"] == "captured":
            intent["refunded"] = intent["captured"]
        else:
            intent["status"] = "cancelled"
        self.trouble()
        return self.find(payment_id)

    def find(self, payment_id: str) -> Payment:
        intent = self.intents[payment_id]
        amount: Money = intent["amount"]
        return Payment(
            payment_id, intent["status"], amount.amount, amount.currency, intent["refunded"]
        )

    def kept(self, order_id: str) -> int:
        """Return the money that was taken for an order and not given back."""
        return sum(
            one["captured"] - one["refunded"]
            for one in self.intents.values()
            if one["order"] == order_id
        )


@dataclass
class Told:
    """Remembers what customers were told, and which documents were written."""

    news: list[tuple[str, str]] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)

    def send(self, order: Order, **_: Any) -> None:
        self.news.append((order.id, order.status))

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self.documents[key] = data
        self.types.add(content_type)


class Ended(Exception):
    """The execution came to an end that is a failure."""


def resolved(template: Any, state: Any, context: dict[str, Any]) -> Any:
    """Return what a template of a definition makes of a state's input."""
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): path(value, state, context)
        if name.endswith(".$")
        else resolved(value, state, context)
        for name, value in template.items()
    }


def path(where: str, state: Any, context: dict[str, Any]) -> Any:
    if where.startswith("$$"):
        return context[where]
    found = state
    for name in where.removeprefix("$").replace("[0]", ".0").split(".")[1:]:
        found = found[int(name) if name.isdigit() else name]
    return found


def put(where: str | None, state: Any, result: Any) -> Any:
    if where is None:
        return state
    name = where.removeprefix("$").removeprefix(".")
    return {**state, name: result} if name else result


class Execution:
    """One execution; it goes on by a task, or by a moment of waiting, at a time."""

    def __init__(self, fulfilling: "Fulfilling", name: str, event: dict[str, Any]) -> None:
        self.fulfilling = fulfilling
        self.name = name
        self.entered: list[str] = []
        self.outcome = ""
        self.waits = ""
        self.timed_out = False
        self._steps = self._run(DEFINITION, event)

    def step(self) -> bool:
        """Go on; return whether there is more to do."""
        try:
            next(self._steps)
        except StopIteration:
            self.outcome = "succeeded"
        except Ended:
            self.outcome = "failed"
        return not self.outcome

    def _run(self, machine: Any, state: Any) -> Generator[None, None, Any]:
        where = machine["StartAt"]
        while where:
            self.entered.append(where)
            now = machine["States"][where]
            try:
                state, where = yield from getattr(self, f"_{now['Type'].lower()}")(now, state)
            except Ended:
                raise
            except Exception as error:
                names = {type(error).__name__, "States.ALL"}
                caught = (one for one in now.get("Catch", []) if names & {*one["ErrorEquals"]})
                catch = next(caught, None)
                if catch is None:
                    raise Ended(type(error).__name__) from error
                told = {"Error": type(error).__name__, "Cause": "…"}
                state, where = put(catch["ResultPath"], state, told), catch["Next"]
        return state

    def _pass(self, now: Any, state: Any) -> Generator[None, None, Any]:
        yield from ()
        result = now.get("Result") or path(now.get("InputPath", "$"), state, {})
        return put(now.get("ResultPath", "$"), state, result), now["Next"]

    def _succeed(self, now: Any, state: Any) -> Generator[None, None, Any]:
        yield from ()
        return state, None

    def _fail(self, now: Any, state: Any) -> Generator[None, None, Any]:
        yield from ()
        raise Ended(now["Error"])

    def _choice(self, now: Any, state: Any) -> Generator[None, None, Any]:
        yield from ()

        def holds(rule: Any) -> bool:
            if "Or" in rule:
                return any(map(holds, rule["Or"]))
            (wanted,) = (v for k, v in rule.items() if k.endswith("Equals"))
            return bool(path(rule["Variable"], state, {}) == wanted)

        return state, next((r["Next"] for r in now["Choices"] if holds(r)), now["Default"])

    def _wait(self, now: Any, state: Any) -> Generator[None, None, Any]:
        self.waits = "clock"
        while self.waits:
            yield
        return state, now["Next"]

    def _map(self, now: Any, state: Any) -> Generator[None, None, Any]:
        for item in path(now["ItemsPath"], state, {}):
            yield from self._strict(now["ItemProcessor"], item)
        return state, now["Next"]

    def _parallel(self, now: Any, state: Any) -> Generator[None, None, Any]:
        results = []
        for branch in now["Branches"]:
            result = yield from self._strict(branch, state)
            results.append(result)
        result = resolved(now["ResultSelector"], results, {})
        return put(now["ResultPath"], state, result), now["Next"]

    def _strict(self, machine: Any, state: Any) -> Generator[None, None, Any]:
        """Run a part, whose failure is the failure of the whole state by the same name."""
        try:
            return (yield from self._run(machine, state))
        except Ended as ended:
            raise (ended.__cause__ or ended) from None

    def _task(self, now: Any, state: Any) -> Generator[None, None, Any]:
        token = new_id("tok")
        context = {
            "$$.Execution.Name": self.name, "$$.Execution.Id": self.name, "$$.Task.Token": token
        }  # fmt: skip
        given = resolved(now["Parameters"], state, context) if "Parameters" in now else state
        if "sqs:sendMessage" in now["Resource"]:
            self.fulfilling.parked.append(given["MessageBody"])
            return state, now.get("Next")
        resource, waiting = now["Resource"], "waitForTaskToken" in now["Resource"]
        if waiting:
            resource, given = given["FunctionName"], given["Payload"]
        tries: Counter[int] = Counter()
        while True:
            yield
            try:
                result = self.fulfilling.call(resource.strip("${}"), given)
                break
            except (Exception, Crash) as error:
                names = {type(error).__name__, "States.ALL"}
                number, retry = next(
                    (n, r) for n, r in enumerate(now["Retry"]) if names & {*r["ErrorEquals"]}
                )
                tries[number] += 1
                if tries[number] > retry["MaxAttempts"]:
                    if isinstance(error, Crash):
                        raise RuntimeError("it died again and again") from error
                    raise
        if waiting:
            self.waits = token
            while self.waits:
                yield
            if self.timed_out:
                self.timed_out = False
                caught = next(c for c in now["Catch"] if "States.Timeout" in c["ErrorEquals"])
                return put(caught["ResultPath"], state, {"Error": "States.Timeout"}), caught["Next"]
        return put(now.get("ResultPath", "$"), state, result), now.get("Next")


class Fulfilling:
    """Everything that happens to orders after they were placed, in the order that a seed says."""

    def __init__(self, api: Any, commits: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api = api
        self.commits = commits
        self._patch = monkeypatch
        self.bank = Bank()
        self.told = Told()
        self.now = self.start = datetime.now(UTC)
        self.parked: list[dict[str, Any]] = []
        self.executions: list[Execution] = []
        self.deaf = False
        self._sent = 0
        monkeypatch.setenv("APPROVAL_FROM", "100000")
        monkeypatch.setenv("EXPRESS_RETRY_SECONDS", "15")
        monkeypatch.setenv("STANDARD_RETRY_SECONDS", "60")
        monkeypatch.setenv("DISPATCH_SECONDS", "3600")
        monkeypatch.setattr(Waiting, "wake", self._wake)

    def order(self, customer: str, *skus: str, **body: Any) -> str:
        """Place an order, and start its execution."""
        answer = self.api.place(customer, *skus, body={"payment_method": "pm_card_visa"} | body)
        assert answer.status == 201, answer.body
        self.hear()
        return str(answer.body["id"])

    def hear(self, *, again: bool = False) -> None:
        """Start an execution for each order that was placed since the last time."""
        since = 0 if again else self._sent
        for entry in self.commits.told[since:]:
            if entry["detail-type"] == "OrderPlaced.v1":
                name = f"run-{len(self.executions)}"
                self.executions.append(Execution(self, name, bus_event(entry)))
        self._sent = len(self.commits.told)

    def run(self, random: Random, between: Callable[[], None] = lambda: None) -> None:
        """Go on until nothing is left to do; time passes when everybody waits."""
        for _ in range(FOREVER):
            going = [one for one in self.executions if not one.outcome]
            if not going:
                return
            ready = [one for one in going if not one.waits]
            if not ready:
                self._pass_time(random.choice(going))
                continue
            random.choice(ready).step()
            between()
        raise AssertionError("it goes on for ever")

    def until(self, state: str) -> None:
        """Let the only execution go on until it has entered a state."""
        (one,) = self.executions
        for _ in range(FOREVER):
            if state in one.entered:
                return
            if one.waits:
                self._pass_time(one)
            one.step()
        raise AssertionError(f"{state} is never entered")

    def _pass_time(self, one: Execution) -> None:
        if one.waits != "clock":
            one.timed_out = True
            self.now += timedelta(hours=72)
        self.now += timedelta(minutes=1)
        one.waits = ""

    def _wake(self, tenant: str, order_id: str, what: str) -> None:
        key = Key(f"TENANT#{tenant}#ORDER#{order_id}", f"WAITS#{what}")
        stored = Table.connect().get(key)
        for one in self.executions:
            if stored is not None and not self.deaf and one.waits == stored.data["token"]:
                one.waits = ""

    def call(self, word: str, given: Any) -> Any:
        """Have a task done, at the collaborators of the test."""
        handler: Task = import_module(f"orders.workflow.{word}").handler
        names = handler.function.__code__.co_varnames[1 : handler.function.__code__.co_argcount]
        everything = self.collaborators()
        built = {name: everything[name] for name in names}
        self._patch.setattr(handler._collaborators, "built", lambda: built)
        return handler(json.loads(json.dumps(given)), Context())

    def collaborators(self) -> dict[str, Any]:
        orders: Any = Orders.connect()
        bank: Any = self.bank
        told: Any = self.told
        compensation = Compensation(orders, Inventory.connect(), bank)
        return {
            "orders": orders,
            "inventory": Inventory.connect(),
            "waiting": Waiting.connect(),
            "paying": Paying(orders, bank),
            "compensation": compensation,
            "closing": Closing(compensation, Waiting.connect(), told),
            "notifications": self.told,
            "documents": self.told,
            "now": self.now,
        }

    def compensate(self, order_id: str) -> None:
        """Deliver the event that the order was cancelled."""
        entry = next(
            e
            for e in self.commits.told
            if e["detail-type"] == "OrderCancelled.v1" and order_id in e["detail"]
        )
        metadata, data = parse_event(json.dumps(bus_event(entry)), Cancelled)
        event = Event(metadata=metadata, data=data, reaction="on_order_cancelled")
        on_order_cancelled(event, self.collaborators()["closing"], self.now)

    def catch_up(self, parked: dict[str, Any]) -> None:
        """Have done what was parked, as after a redrive."""
        catch_up(parked, self.collaborators()["closing"], self.now)


@pytest.fixture
def fulfilling(api: Any, commits: Commits, monkeypatch: pytest.MonkeyPatch) -> Fulfilling:
    return Fulfilling(api, commits, monkeypatch)
