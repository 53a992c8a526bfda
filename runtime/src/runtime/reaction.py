"""Reactions: one declaration says which event is read, what of it, and what is done."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_type_hints

from contracts.envelope import ContractBroken, Metadata, parse_event
from contracts.reader import Reader
from runtime.capacity import ORDINARY, Capacity
from runtime.cause import Cause
from runtime.changes import Change, ConditionFailed, Outdated
from runtime.collaborators import Collaborators
from runtime.inbox import Mark, mark
from runtime.logs import follow, logger
from runtime.metrics import count
from runtime.queue import Hopeless, consume

R = TypeVar("R", bound=Reader)


class Event(NamedTuple, Generic[R]):
    """An event as one reaction reads it.

    Attributes
    ----------
    metadata
        The envelope's.
    data
        The fields that the reaction reads.
    reaction
        Its name.
    """

    metadata: Metadata
    data: R
    reaction: str

    @property
    def tenant(self) -> str:
        """The tenant whose event it is."""
        return self.metadata.tenant_id

    @property
    def subject(self) -> str:
        """Id of the entity that changed."""
        return self.metadata.subject

    @property
    def revision(self) -> int:
        """Version of that entity after the change."""
        return self.metadata.revision

    @property
    def cause(self) -> Cause:
        """What further events of this reaction say that they come from."""
        return Cause(
            tenant=self.metadata.tenant_id,
            correlation_id=self.metadata.correlation_id,
            causation_id=self.metadata.id,
            traceparent=self.metadata.traceparent,
        )

    def mark(self, now: datetime, part: str = "") -> Change:
        """Return the mark that this fact was handled; commit it together with the effect.

        Parameters
        ----------
        now
            The current time.
        part
            Which part of the effect, where it takes more than one commit.
        """
        return mark(
            tenant=self.tenant,
            reaction=self.reaction,
            event_id=self.metadata.id,
            part=part,
            now=now,
        )


class Reaction:
    """A declared reaction; calling it handles one batch of its queue as Lambda passes it.

    Attributes
    ----------
    function
        What is done.
    reader
        What is read: the argument of the function's `Event`.
    fact
        Whether it is something to do once (remembered by event id), not a projection (which
        keeps the highest revision).
    capacity
        What one invocation may take.
    """

    def __init__(
        self,
        function: Callable[..., None],
        fact: bool,
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.fact = fact
        self.capacity = capacity
        self._collaborators = Collaborators(function, collaborators)

    @cached_property
    def reader(self) -> type[Reader]:
        """The reader model."""
        (reader,) = get_args(get_type_hints(self.function)["event"])
        model: type[Reader] = reader
        return model

    @property
    def source(self) -> str:
        """Who publishes the event."""
        return self.reader.source

    @property
    def detail_type(self) -> str:
        """Which event, with its major version."""
        return self.reader.detail_type

    def prepare(self) -> None:
        """Do what the first message would else wait for: read the model, make collaborators."""
        self.reader  # noqa: B018 - reading it keeps it
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Handle a batch."""
        return consume(event, context, self._handle)

    def _handle(self, record: dict[str, Any]) -> None:
        try:
            envelope = parse_event(record["body"], self.reader)
        except ContractBroken as broken:
            raise Hopeless(broken.reason) from broken
        event: Event[Reader] = Event(
            metadata=envelope.metadata, data=envelope.data, reaction=self.name
        )
        follow(event.cause)
        try:
            self.function(event, **self._collaborators.built())
        except Outdated:
            self._drop("older than what is known", event)
        except ConditionFailed as failure:
            if not isinstance(failure.change, Mark):
                raise
            self._drop("handled before", event)

    def _drop(self, why: str, event: Event[Reader]) -> None:
        logger.info("event dropped", why=why, event_id=event.metadata.id)
        count("EventsDropped", reaction=self.name)


def reaction(
    function: Callable[..., None],
    *,
    fact: bool = False,
    capacity: Capacity = ORDINARY,
    **collaborators: Callable[[], Any],
) -> Reaction:
    """Declare a reaction.

    Parameters
    ----------
    function
        Takes an `Event` of its reader model, named `event`, and its collaborators by name;
        `now`, if it takes it, is the current time. A commit that fails because the event is old
        or was handled before may pass through: the event is then dropped.
    fact
        Whether it is something to do once; the function then commits `event.mark`.
    capacity
        What one invocation may take.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Reaction(function, fact, capacity, collaborators)
