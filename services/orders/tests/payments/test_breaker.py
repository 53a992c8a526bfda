"""The circuit breaker: a dead provider is left alone by all, and tried by one."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.circuit_breaker import CircuitState, base
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerPersistenceLayer,
)
from botocore.exceptions import ClientError

from orders.payments.breaker import RECOVERY_SECONDS, Breaker
from orders.payments.circuit import KEY, LEASE_SECONDS, THRESHOLD, Circuit
from orders.payments.model import ProviderUnavailable
from orders.payments.provider import Answer, Dead
from runtime import clients
from runtime.settings import BadSetting, settings
from runtime.stream import changes_of
from runtime.table import Table
from runtime.testing import stream_event

PAID = Answer(200, {"id": "pi_1"}, replayed=False)
THREADS = 8


class Unreliable:
    """moto's DynamoDB; it fails when it is told to."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self.failing: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            if name in self.failing:
                raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, name)
            return getattr(self._dynamodb, name)(**parameters)

        return call


class World:
    """A provider that lives or not, a clock, and any number of instances."""

    def __init__(self) -> None:
        self.alive = True
        self.now = 1_000_000
        self.calls = 0
        self.dynamodb: Any = Unreliable(clients.client("dynamodb"))
        self._lock = threading.Lock()

    def instance(self, recovery_seconds: int = RECOVERY_SECONDS) -> Breaker:
        circuit = Circuit(self.dynamodb, settings.table_name, clock=lambda: self.now)
        return Breaker(circuit, recovery_seconds)

    def request(self) -> Answer:
        with self._lock:
            self.calls += 1
        if self.alive:
            return PAID
        raise Dead("reset")

    def ask(self, breaker: Breaker, times: int = 1) -> list[str]:
        """Return how calls end, one after the other."""
        return [self._outcome(breaker) for _ in range(times)]

    def _outcome(self, breaker: Breaker) -> str:
        try:
            assert breaker.call(self.request) == PAID
        except Dead:
            return "dead"
        except ProviderUnavailable:
            return "refused"
        return "paid"

    def at_once(self, work: Callable[[], Any]) -> None:
        start = threading.Barrier(THREADS)

        def wait_and_work() -> None:
            start.wait(20)
            work()

        threads = [threading.Thread(target=wait_and_work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    @property
    def item(self) -> dict[str, Any]:
        answer = self.dynamodb.get_item(TableName=settings.table_name, Key=KEY.attributes())
        item: dict[str, Any] = answer["Item"]
        return item

    @property
    def state(self) -> str:
        state: str = self.item["state"]["S"]
        return state


@pytest.fixture
def world(service_table: Table, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    # Powertools has the time from itself alone.
    monkeypatch.setattr(base.CircuitBreakerHandler, "_now", staticmethod(lambda: made.now))
    for kept in (base._LOCAL_FAILURES, base._LOCAL_SUCCESSES, base._LAST_OBSERVED_STATE):
        kept.clear()
    return made


def opened(world: World) -> Breaker:
    world.alive = False
    breaker = world.instance()
    assert world.ask(breaker, THRESHOLD) == ["dead"] * THRESHOLD
    assert world.state == CircuitState.OPEN
    return breaker


def test_while_the_provider_answers_all_calls_go_through(world: World) -> None:
    assert world.ask(world.instance(), 3 * THRESHOLD) == ["paid"] * 3 * THRESHOLD


def test_a_dead_provider_is_called_so_often_and_no_more(world: World) -> None:
    breaker = opened(world)
    assert world.ask(breaker, 50) == ["refused"] * 50
    assert world.calls == THRESHOLD


def test_failures_are_counted_over_all_instances(world: World) -> None:
    world.alive = False
    for _ in range(THRESHOLD):
        assert world.ask(world.instance()) == ["dead"]
    assert world.ask(world.instance()) == ["refused"]
    assert world.calls == THRESHOLD


def test_an_answer_between_failures_clears_the_count(world: World) -> None:
    breaker = world.instance()
    for _ in range(3):
        world.alive = False
        assert world.ask(breaker, THRESHOLD - 1) == ["dead"] * (THRESHOLD - 1)
        world.alive = True
        assert world.ask(breaker) == ["paid"]


def test_many_at_once_do_not_get_past_the_count(world: World) -> None:
    world.alive = False
    instances = iter([world.instance() for _ in range(THREADS)])
    world.at_once(lambda: world.ask(next(instances), THRESHOLD))
    assert world.calls == THRESHOLD
    assert world.state == CircuitState.OPEN


def test_calls_under_way_count_before_they_are_answered(world: World) -> None:
    breaker, inner = world.instance(), world.instance()
    refused: list[str] = []

    def nested(depth: int) -> Answer:
        if depth:
            inner.call(lambda: nested(depth - 1))
        else:
            refused.extend(world.ask(world.instance()))
        return PAID

    assert breaker.call(lambda: nested(THRESHOLD - 1)) == PAID
    assert refused == ["refused"]
    assert world.calls == 0
    assert world.ask(breaker) == ["paid"]


def test_of_eight_threads_one_probes(world: World) -> None:
    opened(world)
    world.now += RECOVERY_SECONDS
    world.calls = 0
    outcomes: list[str] = []
    within = threading.Event()

    def slowly() -> Answer:
        within.wait(20)
        return world.request()

    def ask() -> None:
        try:
            breaker.call(slowly)
        except Dead:
            outcomes.append("dead")
        except ProviderUnavailable:
            outcomes.append("refused")
            if len(outcomes) == THREADS - 1:
                within.set()  # the probe has been under way for as long as all others asked

    breaker = world.instance()
    world.at_once(ask)
    assert sorted(outcomes) == ["dead", *["refused"] * (THREADS - 1)]
    assert world.calls == 1


def test_of_eight_instances_one_probes(world: World) -> None:
    opened(world)
    world.now += RECOVERY_SECONDS
    world.calls = 0
    instances = iter([world.instance() for _ in range(THREADS)])
    world.at_once(lambda: world.ask(next(instances)))
    assert world.calls == 1
    assert world.state == CircuitState.OPEN


def test_a_dead_provider_is_tried_once_in_each_recovery_time(world: World) -> None:
    breaker = opened(world)
    for probes in range(1, 4):
        world.now += RECOVERY_SECONDS - 1
        assert world.ask(breaker) == ["refused"]
        world.now += 1
        assert world.ask(breaker, 10) == ["dead", *["refused"] * 9]
        assert world.calls == THRESHOLD + probes


def test_one_answer_closes_it_for_all(world: World) -> None:
    breaker, other = opened(world), world.instance()
    world.alive = True
    world.now += RECOVERY_SECONDS
    assert world.ask(breaker) == ["paid"]
    assert world.ask(other, THRESHOLD) == ["paid"] * THRESHOLD
    assert world.state == CircuitState.CLOSED


def test_a_refusal_is_an_answer_too(world: World) -> None:
    breaker = opened(world)
    world.now += RECOVERY_SECONDS
    declined = Answer(402, {}, replayed=False)
    assert breaker.call(lambda: declined) == declined
    assert world.state == CircuitState.CLOSED


def test_closed_again_it_opens_again_after_as_many(world: World) -> None:
    breaker = opened(world)
    world.alive = True
    world.now += RECOVERY_SECONDS
    assert world.ask(breaker) == ["paid"]
    world.calls = 0
    opened(world)
    assert world.calls == THRESHOLD


def test_a_probe_that_was_cut_off_is_made_by_another_when_its_time_is_over(world: World) -> None:
    opened(world)
    world.now += RECOVERY_SECONDS

    def cut_off() -> Answer:
        raise KeyboardInterrupt

    def die() -> None:
        with pytest.raises(KeyboardInterrupt):
            world.instance().call(cut_off)

    gone = threading.Thread(target=die)  # who probes is known by the thread
    gone.start()
    gone.join()
    world.alive = True
    world.now += LEASE_SECONDS - 1
    assert world.ask(world.instance()) == ["refused"]
    world.now += 1
    assert world.ask(world.instance()) == ["paid"]
    assert world.state == CircuitState.CLOSED


def test_calls_that_were_cut_off_do_not_shut_the_provider_for_ever(world: World) -> None:
    breaker = world.instance()

    def cut_off() -> Answer:
        raise KeyboardInterrupt

    for _ in range(THRESHOLD):
        with pytest.raises(KeyboardInterrupt):
            breaker.call(cut_off)
    assert world.ask(breaker) == ["refused"]
    world.now += RECOVERY_SECONDS
    world.alive = False
    assert world.ask(breaker, 2) == ["dead", "refused"]
    world.now += RECOVERY_SECONDS
    world.alive = True
    assert world.ask(breaker, 2) == ["paid", "paid"]


def test_who_saw_it_before_it_was_opened_again_does_not_probe(world: World) -> None:
    breaker = opened(world)
    seen = int(world.item["opened_at"]["N"])
    world.now += RECOVERY_SECONDS
    assert world.ask(breaker) == ["dead"]  # another probed meanwhile
    circuit = Circuit(world.dynamodb, settings.table_name, clock=lambda: world.now)
    assert not circuit.try_acquire_half_open("payments", "late", seen)
    assert circuit.try_acquire_half_open("payments", "late", world.now)


def test_an_answer_that_comes_late_does_not_close_it(world: World) -> None:
    late = world.instance()

    def answers_when_it_is_open() -> Answer:
        opened_meanwhile(world)
        return PAID

    assert late.call(answers_when_it_is_open) == PAID
    assert world.state == CircuitState.OPEN


def opened_meanwhile(world: World) -> None:
    world.alive = False
    circuit = Circuit(world.dynamodb, settings.table_name, clock=lambda: world.now)
    circuit.save_open("payments", 1, world.now)


@pytest.mark.parametrize("operations", [{"update_item"}, {"update_item", "get_item"}])
def test_without_its_state_calls_go_through(
    world: World, operations: set[str], metrics: Callable[[], list[str]]
) -> None:
    breaker = world.instance()
    world.dynamodb.failing = operations
    assert world.ask(breaker, THRESHOLD + 1) == ["paid"] * (THRESHOLD + 1)
    world.alive = False
    assert world.ask(breaker) == ["dead"]
    assert set(metrics()) == {"BreakerBlind"}


def test_without_its_state_nobody_probes(world: World) -> None:
    breaker = opened(world)
    world.now += RECOVERY_SECONDS
    read = world.dynamodb

    class ReadOnly(Unreliable):
        def __getattr__(self, name: str) -> Any:
            call = super().__getattr__(name)
            if name != "update_item":
                return call

            def refuse(**parameters: Any) -> Any:
                if ":owner" in parameters["ExpressionAttributeValues"]:
                    raise ClientError({"Error": {"Code": "ThrottlingException"}}, name)
                return call(**parameters)

            return refuse

    world.dynamodb = ReadOnly(read._dynamodb)
    assert world.ask(world.instance()) == ["refused"]
    assert world.state == CircuitState.OPEN
    assert world.ask(breaker) == ["dead"]


def test_an_item_that_was_deleted_is_made_again(world: World) -> None:
    breaker = opened(world)
    world.dynamodb.delete_item(TableName=settings.table_name, Key=KEY.attributes())
    world.alive = True
    assert world.ask(breaker) == ["paid"]


def test_a_count_that_is_cleared_while_it_is_looked_at_lets_the_call_through(
    world: World,
) -> None:
    class Clearing(Unreliable):
        times = 1

        def __getattr__(self, name: str) -> Any:
            call = super().__getattr__(name)

            def cleared(**parameters: Any) -> Any:
                self.times -= 1
                if self.times >= 0:
                    Circuit(world.dynamodb, settings.table_name).answered()
                return call(**parameters)

            return cleared if name == "get_item" else call

    def full() -> None:
        circuit = Circuit(world.dynamodb, settings.table_name, clock=lambda: world.now)
        for _ in range(THRESHOLD):
            assert circuit.get_state("payments").state == CircuitState.CLOSED

    full()
    clearing: Any = Clearing(world.dynamodb._dynamodb)
    circuit = Circuit(clearing, settings.table_name)
    assert circuit.get_state("payments").state == CircuitState.CLOSED
    world.dynamodb.delete_item(TableName=settings.table_name, Key=KEY.attributes())
    full()

    class Busy(Unreliable):
        """Always read a moment after it was cleared, and written a moment after it was full."""

        def __getattr__(self, name: str) -> Any:
            call = super().__getattr__(name)

            def cleared(**parameters: Any) -> Any:
                item = call(**parameters)
                item["Item"]["begun"] = {"N": "0"}
                return item

            return cleared if name == "get_item" else call

    busy: Any = Busy(world.dynamodb._dynamodb)
    circuit = Circuit(busy, settings.table_name)
    assert circuit.get_state("payments").state == CircuitState.OPEN


def test_opening_probing_and_closing_are_counted(
    world: World, metrics: Callable[[], list[str]]
) -> None:
    breaker = opened(world)
    assert metrics() == ["BreakerOpened"]
    world.ask(breaker, 2)
    assert metrics() == ["BreakerRefusals"] * 2
    world.now += RECOVERY_SECONDS
    world.ask(breaker)
    assert metrics() == ["BreakerProbes", "BreakerOpened"]
    world.now += RECOVERY_SECONDS
    world.alive = True
    world.ask(breaker)
    assert metrics() == ["BreakerProbes", "BreakerClosed"]


def test_its_item_is_in_the_layout_of_the_table(world: World, service_table: Table) -> None:
    breaker = opened(world)
    world.now += RECOVERY_SECONDS
    world.ask(breaker)
    (change,) = changes_of(stream_event((None, world.item)))
    assert change.unreadable is None
    stored = service_table.get(KEY)
    assert stored is not None
    assert stored.revision > THRESHOLD
    assert (stored.data, stored.events) == ({}, [])


def test_what_powertools_asks_of_a_store_is_there_as_it_asks() -> None:
    asked = {
        name: method
        for name, method in inspect.getmembers(CircuitBreakerPersistenceLayer, inspect.isfunction)
        if not name.startswith("_")
    }
    assert len(asked) == 6
    for name, method in asked.items():
        wanted, given = (
            [parameter.lstrip("_") for parameter in inspect.signature(one).parameters]
            for one in (method, getattr(Circuit, name))
        )
        assert given == wanted


def test_how_long_it_is_left_alone_may_be_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYMENTS_RECOVERY_SECONDS", "5")
    breaker = Breaker.connect()
    opened(world)
    world.now += 5
    assert world.ask(breaker) == ["dead"]
    monkeypatch.setenv("PAYMENTS_RECOVERY_SECONDS", "0")
    with pytest.raises(BadSetting):
        Breaker.connect()
