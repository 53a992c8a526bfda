"""Whoever waits is woken by a token that never leaves the table; the answer is written before."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from orders.waiting import AlreadyAnswered, NobodyWaits, Wait, Waiting
from runtime.clients import client
from runtime.ids import new_id
from runtime.table import Table
from runtime.testing import NOW

ORDER = new_id("ord")
UNTIL = NOW + timedelta(hours=1)


@pytest.fixture
def states(service_table: Table) -> Iterator[Stubber]:
    """Step Functions, which is called as it is told, and no more."""
    with Stubber(client("stepfunctions")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def waiting(service_table: Table) -> Waiting:
    made = Waiting.connect()
    made.begin("acme", ORDER, "APPROVAL", token="token-1", until=UNTIL)
    return made


def woken(states: Stubber, token: str) -> None:
    states.add_response("send_task_success", {}, {"taskToken": token, "output": "{}"})


def test_who_waits_is_woken_by_the_latest_token(waiting: Waiting, states: Stubber) -> None:
    woken(states, "token-1")
    waiting.wake("acme", ORDER, "APPROVAL")
    waiting.begin("acme", ORDER, "APPROVAL", token="token-2", until=UNTIL + timedelta(days=1))
    woken(states, "token-2")
    waiting.wake("acme", ORDER, "APPROVAL")
    # The time for an answer is what it was when it was first waited for.
    assert waiting.find("acme", ORDER, "APPROVAL") == Wait(UNTIL, None)


def test_all_who_wait_for_anything_of_an_order_are_woken(waiting: Waiting, states: Stubber) -> None:
    waiting.begin("acme", ORDER, "PAYMENT_METHOD", token="token-2", until=UNTIL)
    woken(states, "token-1")
    woken(states, "token-2")
    waiting.wake_all("acme", ORDER)


def test_where_nobody_ever_waited_nobody_is_woken(waiting: Waiting, states: Stubber) -> None:
    waiting.wake("acme", ORDER, "PAYMENT_METHOD")
    waiting.wake("rival", ORDER, "APPROVAL")
    waiting.wake_all("acme", new_id("ord"))


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_who_waits_no_more_needs_no_waking(waiting: Waiting, states: Stubber, code: str) -> None:
    states.add_client_error("send_task_success", code)
    waiting.wake("acme", ORDER, "APPROVAL")


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_failure_to_wake_is_the_callers(waiting: Waiting, states: Stubber, code: str) -> None:
    states.add_client_error("send_task_success", code)
    with pytest.raises(ClientError, match=code):
        waiting.wake("acme", ORDER, "APPROVAL")


def test_an_answer_is_given_once_and_only_to_who_waits(waiting: Waiting) -> None:
    with pytest.raises(NobodyWaits):
        waiting.answer("acme", ORDER, "PAYMENT_METHOD", answer=True)
    with pytest.raises(NobodyWaits):
        waiting.answer("rival", ORDER, "APPROVAL", answer=True)
    waiting.answer("acme", ORDER, "APPROVAL", answer=False)
    with pytest.raises(AlreadyAnswered):
        waiting.answer("acme", ORDER, "APPROVAL", answer=True)
    assert waiting.find("acme", ORDER, "APPROVAL") == Wait(UNTIL, answer=False)
    # Another attempt of the same state finds the answer, and waits for no other.
    waiting.begin("acme", ORDER, "APPROVAL", token="token-2", until=UNTIL)
    assert waiting.find("acme", ORDER, "APPROVAL") == Wait(UNTIL, answer=False)
