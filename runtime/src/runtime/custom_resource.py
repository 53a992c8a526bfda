"""Custom resources: what CloudFormation has a function do, and waits for the answer of.

The answer goes to an address that the request names. Without one the deployment waits until its
time is up: so there is one whatever happens, a failure with its reason too.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from runtime.capacity import ORDINARY
from runtime.logs import logger
from runtime.task import InvalidInput, Task

S3: Final = re.compile(
    r"https://[a-z0-9.-]+\.s3(\.dualstack)?([.-][a-z0-9-]+)?\.amazonaws\.com(\.cn)?/\S*"
)
"""Where CloudFormation takes answers: files in S3."""

_NAMED = ("StackId", "RequestId", "LogicalResourceId")
_MOST_REASON = 500
_PAUSE_SECONDS = 2.0
_ANSWER_SECONDS = 16.0  # are kept for the answer: three times these timeouts, and the pauses
_TIMEOUT = urllib3.Timeout(connect=2, read=3)
_RETRIES = urllib3.Retry(
    2,
    redirect=False,
    allowed_methods=["PUT"],
    status_forcelist=range(500, 600),
    backoff_factor=0.1,
)


class NotYet(Exception):
    """What is needed is not there just yet: it is asked for again while there is time.

    CloudFormation is told the message when that is up: it is to name no secret.
    """


class NotAnswered(Exception):
    """CloudFormation did not take the answer: Lambda has the function try again."""


class CustomResource(Task):
    """A declared custom resource; calling it handles one request of CloudFormation.

    What it makes is one thing for as long as the resource is in the stack, whatever changes of
    its properties; its deletion changes nothing.
    """

    def __init__(
        self,
        function: Callable[..., None],
        collaborators: Mapping[str, Callable[[], Any]],
        answers_to: re.Pattern[str],
    ) -> None:
        super().__init__(function, ORDINARY, collaborators)
        self._answers_to = answers_to

    def __call__(self, event: Any, context: Any) -> None:
        """Do what is asked, and answer.

        Raises
        ------
        InvalidInput
            The request does not say where to.
        NotAnswered
            The answer was not taken.
        """
        url = event.get("ResponseURL") if isinstance(event, dict) else None
        if not isinstance(url, str) or not self._answers_to.fullmatch(url):
            raise InvalidInput("ResponseURL: no address that answers go to")
        failure = None if event.get("RequestType") == "Delete" else self._attempt(event, context)
        _answer(url, event, failure)

    def _attempt(self, event: dict[str, Any], context: Any) -> str | None:
        """Do it, and return why it failed."""

        def seconds_left() -> float:
            return float(context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)

        def work() -> None:
            while True:
                try:
                    super(CustomResource, self).__call__(event.get("ResourceProperties"), context)
                except NotYet:
                    if seconds_left() < _PAUSE_SECONDS:
                        raise
                    time.sleep(_PAUSE_SECONDS)
                else:
                    return

        try:
            _within(seconds_left(), work)
        except (InvalidInput, NotYet) as error:
            logger.warning("custom resource failed", reason=str(error))
            return str(error)
        except BaseException as error:  # noqa: BLE001 - whatever it is, CloudFormation waits
            logger.exception("custom resource failed")
            return f"{type(error).__name__}: the function's log says more"
        return None


def custom_resource(
    function: Callable[..., None],
    *,
    answers_to: re.Pattern[str] = S3,
    **collaborators: Callable[[], Any],
) -> CustomResource:
    """Declare a custom resource.

    Parameters
    ----------
    function
        Takes the resource's properties, as the model that its first parameter is annotated with,
        and its collaborators by name, when the resource is created or changed. It may run twice,
        and again after `NotYet`: its effect must be the same.
    answers_to
        What the address of an answer must match.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return CustomResource(function, collaborators, answers_to)


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do some work; what takes longer is given up, and ends with the process."""
    ended: Future[None] = Future()

    def run() -> None:
        try:
            work()
            ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            ended.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        ended.result(timeout=max(seconds, 0.0))
    except TimeoutError:
        if ended.done():
            raise
        raise NotYet("it took too long") from None


def _answer(url: str, event: dict[str, Any], failure: str | None) -> None:
    """Tell how it ended; the address is a secret, and no error is to show it."""
    named = {name: str(event.get(name, "")) for name in _NAMED}
    own = f"{named['LogicalResourceId']}-{named['StackId'].rpartition('/')[2]}"
    answer = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        "Reason": (failure or "done")[:_MOST_REASON],
        "PhysicalResourceId": event.get("PhysicalResourceId") or own,
        **named,
    }
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES) as pool:
            # The address is signed for a request without a type of content.
            headers = {"Content-Type": ""}
            taken = pool.request("PUT", url, body=json.dumps(answer).encode(), headers=headers)
    except HTTPError as error:
        raise NotAnswered(type(error).__name__) from None
    if taken.status >= 300:  # noqa: PLR2004 - HTTP's successes are below
        raise NotAnswered(f"status {taken.status}")
