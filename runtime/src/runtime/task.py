"""Tasks: what a state machine calls, a state's input in and a JSON value out."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError

from contracts.reader import Reader
from runtime.capacity import ORDINARY, Capacity
from runtime.cause import Cause
from runtime.collaborators import Collaborators
from runtime.logs import follow, logger

_MOST_NAMED = 5  # fields of a wrong input


class InvalidInput(ValueError):
    """The state's input is not what the task takes: another attempt would not help."""


class Origin(BaseModel):
    """A cause as a state machine carries it from state to state."""

    tenant: str
    correlation_id: str
    causation_id: str
    traceparent: str | None = None


class Step(BaseModel):
    """The input of a task that goes on with what a request or an event began.

    A task may be given all that the state machine knows: what its model does not name is ignored.

    Attributes
    ----------
    caused_by
        What it goes on with.
    """

    caused_by: Origin

    @property
    def cause(self) -> Cause:
        """What further events say that they come from."""
        return Cause(**dict(self.caused_by))

    @property
    def ids(self) -> dict[str, str]:
        """What it is about, for the log."""
        return {}


class Task:
    """A declared task; calling it does one attempt of a state.

    An exception keeps the name of its class for the state's ``Retry`` and ``Catch``.

    Attributes
    ----------
    capacity
        What one attempt may take.
    reader
        What is read of the event that starts the state machine, if this task is given that.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
        reader: type[Reader] | None = None,
    ) -> None:
        self.function = function
        self.capacity = capacity
        self.reader = reader
        self.name = function.__name__
        self._collaborators = Collaborators(function, collaborators)

    @cached_property
    def model(self) -> type[BaseModel] | None:
        """Model of the input: what the function's first parameter is, if that is a model."""
        code = self.function.__code__
        first = get_type_hints(self.function).get(code.co_varnames[0])
        return first if isinstance(first, type) and issubclass(first, BaseModel) else None

    def prepare(self) -> None:
        """Do what the first attempt would else wait for."""
        self.model  # noqa: B018 - reading it keeps it
        self._collaborators.built()

    def __call__(self, event: Any, _context: object) -> Any:
        """Do it.

        Raises
        ------
        InvalidInput
            The input does not fit the model.
        """
        follow(None)
        given = _read(self.model, event) if self.model else event
        if isinstance(given, Step):
            follow(given.cause, **given.ids)
        result = self.function(given, **self._collaborators.built())
        logger.info("task done", task=self.name)
        return result.model_dump(mode="json") if isinstance(result, BaseModel) else result


def task(
    function: Callable[..., Any],
    *,
    capacity: Capacity = ORDINARY,
    reader: type[Reader] | None = None,
    **collaborators: Callable[[], Any],
) -> Task:
    """Declare a task.

    Parameters
    ----------
    function
        Takes the state's input, as the model that its first parameter is annotated with or else
        as a JSON value, and its collaborators by name; returns a model or a JSON value. It may
        run twice for one state: its effect must be the same.
    capacity
        What one attempt may take.
    reader
        What it reads of the event that starts the state machine, if it is given that.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Task(function, capacity, collaborators, reader)


def _read(model: type[BaseModel], event: Any) -> BaseModel:
    try:
        return model.model_validate(event)
    except ValidationError as error:
        # Of the values nothing is said: the message goes into the execution's history.
        found = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{'.'.join(map(str, one['loc'])) or 'input'}: {one['type']}" for one in found]
        raise InvalidInput("; ".join(told[:_MOST_NAMED])) from None
