"""Workers: consumers of a queue of the service's own."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from contracts.limits import require_shallow
from runtime.capacity import ORDINARY, Capacity
from runtime.collaborators import Collaborators
from runtime.queue import Hopeless, consume


class Worker:
    """A declared worker; calling it handles one batch of its queue as Lambda passes it.

    Attributes
    ----------
    capacity
        What one invocation may take.
    """

    def __init__(
        self,
        function: Callable[..., None],
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        self.function = function
        self.capacity = capacity
        self.name = function.__name__
        self._collaborators = Collaborators(function, collaborators)

    def prepare(self) -> None:
        """Make the collaborators, which the first event would else wait for."""
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Handle a batch."""
        return consume(event, context, self._handle)

    def _handle(self, record: dict[str, Any]) -> None:
        try:
            require_shallow(record["body"])
            message = json.loads(record["body"])
        except ValueError as error:
            raise Hopeless("the message is not JSON") from error
        self.function(message, **self._collaborators.built())


def worker(
    function: Callable[..., None],
    *,
    capacity: Capacity = ORDINARY,
    **collaborators: Callable[[], Any],
) -> Worker:
    """Declare a worker.

    Parameters
    ----------
    function
        Takes a message's JSON value and its collaborators by name. `Hopeless` sets the message
        aside; any other exception brings it again, later.
    capacity
        What one invocation may take.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Worker(function, capacity, collaborators)
