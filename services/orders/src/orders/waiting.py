"""Executions that wait for a person: what the answer is stands in the table, a token only wakes.

The token never leaves the table. Who answers writes the answer first and wakes the execution then;
should that fail, the execution finds the answer at its deadline.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from botocore.exceptions import ClientError

from orders.store import order_key
from runtime.changes import Create, Exists, Key, Update
from runtime.clients import client
from runtime.logs import logger
from runtime.table import InTable, Stored

if TYPE_CHECKING:
    from types_boto3_stepfunctions.client import SFNClient

What = Literal["APPROVAL", "PAYMENT_METHOD"]

_NOBODY_WAITS = re.compile("TaskTimedOut|TaskDoesNotExist|InvalidToken")


class AlreadyAnswered(Exception):
    """There is an answer, or the time for one is over and that was the answer."""


class NobodyWaits(Exception):
    """It is not waited for, or not yet."""


class Wait(NamedTuple):
    """Something that is waited for.

    Attributes
    ----------
    until
        When the time for an answer is over.
    answer
        If there is one: yes or no.
    """

    until: datetime
    answer: bool | None


class Waiting(InTable):
    """What is waited for of orders; each call is about one tenant's."""

    def begin(self, tenant: str, order_id: str, what: What, *, token: str, until: datetime) -> None:
        """Remember who waits; another attempt of the same state waits by its own token.

        Parameters
        ----------
        tenant, order_id, what
            For what.
        token
            Of the task that waits.
        until
            When the time for an answer is over, if it was not said before.
        """
        key = _key(tenant, order_id, what)
        data = {"token": token, "until": until.isoformat(), "answer": None}
        try:
            self._table.commit(Create(key=key, data=data))
        except Exists:
            stored = self._stored(key)
            self._replace(stored, {**stored.data, "token": token})

    def find(self, tenant: str, order_id: str, what: What) -> Wait | None:
        """Return what is waited for, or None if it is not, or not yet."""
        stored = self._table.get(_key(tenant, order_id, what))
        return None if stored is None else _wait(stored)

    def answer(self, tenant: str, order_id: str, what: What, *, answer: bool) -> None:
        """Write the answer, once.

        Raises
        ------
        AlreadyAnswered, NobodyWaits
            There is one, or none is waited for.
        runtime.changes.RevisionConflict
            Another came in that very moment, or the execution began to wait anew: try again.
        """
        stored = self._stored(_key(tenant, order_id, what))
        if stored.data["answer"] is not None:
            raise AlreadyAnswered
        self._replace(stored, {**stored.data, "answer": answer})

    def wake(self, tenant: str, order_id: str, what: What) -> None:
        """Wake who waits, if anybody does; they look for themselves why."""
        stored = self._table.get(_key(tenant, order_id, what))
        if stored is None:
            return
        states: SFNClient = client("stepfunctions")
        try:
            states.send_task_success(taskToken=stored.data["token"], output="{}")
        except ClientError as error:
            if not _NOBODY_WAITS.search(error.response["Error"]["Code"]):
                raise
            logger.info("nobody waits any more", what=what)

    def wake_all(self, tenant: str, order_id: str) -> None:
        """Wake whoever waits for anything of an order."""
        for what in get_args(What):
            self.wake(tenant, order_id, what)

    def _stored(self, key: Key) -> Stored:
        stored = self._table.get(key)
        if stored is None:
            raise NobodyWaits(key.sk)
        return stored

    def _replace(self, stored: Stored, data: dict[str, object]) -> None:
        self._table.commit(
            Update(
                key=stored.key,
                data=data,
                revision=stored.revision + 1,
                expected=stored.revision,
            )
        )


def _key(tenant: str, order_id: str, what: What) -> Key:
    return Key(order_key(tenant, order_id).pk, f"WAITS#{what}")


def _wait(stored: Stored) -> Wait:
    return Wait(datetime.fromisoformat(stored.data["until"]), stored.data["answer"])
