"""Schedules: functions that a clock starts."""

from collections.abc import Callable, Mapping
from typing import Any

from runtime.collaborators import Collaborators
from runtime.logs import follow


class Schedule:
    """A declared schedule; calling it runs it once.

    Attributes
    ----------
    rate
        When, as EventBridge Scheduler writes it: ``rate(1 hour)`` or ``cron(0 8 * * ? *)``, UTC.
    """

    def __init__(
        self,
        rate: str,
        function: Callable[..., None],
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        self.rate = rate
        self.function = function
        self.name = function.__name__
        self._collaborators = Collaborators(function, collaborators)

    def prepare(self) -> None:
        """Make the collaborators, which the first event would else wait for."""
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], _context: object) -> None:
        """Run it."""
        follow(None)
        self.function(event, **self._collaborators.built())


def schedule(
    rate: str, function: Callable[..., None], **collaborators: Callable[[], Any]
) -> Schedule:
    """Declare a schedule.

    Parameters
    ----------
    rate
        When, as EventBridge Scheduler writes it, UTC.
    function
        Takes the scheduler's input (a dict) and its collaborators by name; may run twice.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Schedule(rate, function, collaborators)
