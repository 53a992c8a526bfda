"""Schedules: functions that a clock starts, or a person by hand (`starling run`)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from runtime.capacity import Capacity
from runtime.task import Task

ONE_RUN: Final = Capacity(seconds=300)
"""What a run may take, unless it is said otherwise."""


class Input(BaseModel):
    """The base of what a schedule is told; the clock tells nothing, so every field has a default.

    Unknown fields are refused: what a person misspells is not run without it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(Task):
    """A declared schedule; calling it runs it once.

    Attributes
    ----------
    rate
        When, as EventBridge writes it: ``rate(1 hour)`` or ``cron(0 8 * * ? *)``, UTC.
    capacity
        What one run may take.
    """

    def __init__(
        self,
        rate: str,
        function: Callable[..., Any],
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        super().__init__(function, capacity, collaborators)
        self.rate = rate

    def __call__(self, event: Any, context: object) -> Any:
        """Run it, and return what it says of the run.

        Raises
        ------
        runtime.task.InvalidInput
            The input does not fit the model.
        """
        return super().__call__({} if self.model and _of_the_clock(event) else event, context)


def schedule(
    rate: str,
    function: Callable[..., Any],
    *,
    capacity: Capacity = ONE_RUN,
    **collaborators: Callable[[], Any],
) -> Schedule:
    """Declare a schedule.

    Parameters
    ----------
    rate
        When, as EventBridge writes it, UTC.
    function
        Takes what a person says, as the `Input` that its first parameter is annotated with, or
        else the event as it is (a dict), and its collaborators by name; returns a model or a JSON
        value that tells of the run, or None. It may run twice, also at the same time: its effect
        must be the same.
    capacity
        What one run may take.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Schedule(rate, function, capacity, collaborators)


def _of_the_clock(event: Any) -> bool:
    """Whether it is the event that EventBridge's own clock sends."""
    return isinstance(event, dict) and event.get("source") == "aws.events"
