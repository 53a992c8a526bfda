"""Resolvers: functions behind a field of a graph, a question in and an answer or a problem out.

Who may ask was checked before by the graph, whose own code names the tenant: nothing else may call
such a function.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict

from contracts.ids import TenantId
from runtime.cause import Cause
from runtime.collaborators import Collaborators
from runtime.endpoint import parse
from runtime.ids import new_ulid
from runtime.logs import follow, logger
from runtime.problems import Problem


class Asked(BaseModel):
    """What is asked; a subclass has the field's arguments.

    Attributes
    ----------
    tenant
        Whose graph: of the verified token.
    """

    model_config = ConfigDict(extra="forbid")

    tenant: TenantId


class Resolver:
    """A declared resolver; calling it answers one question.

    It returns ``{"data": …}``, or ``{"problem": {"type", "detail"}}`` for what a caller is told of.
    Any other exception is the function's failure, of which the graph tells no more than that.
    """

    def __init__(
        self, function: Callable[..., Any], collaborators: Mapping[str, Callable[[], Any]]
    ) -> None:
        self.function = function
        self.name = function.__name__
        self._collaborators = Collaborators(function, collaborators)

    @cached_property
    def model(self) -> type[Asked]:
        """Model of the question: what the function's first parameter is."""
        hints = get_type_hints(self.function)
        first: type[Any] = hints[self.function.__code__.co_varnames[0]]
        if not issubclass(first, Asked):
            raise TypeError(f"{self.name} takes {first.__name__}, which is no question")
        return first

    def prepare(self) -> None:
        """Do what the first question would else wait for."""
        self.model  # noqa: B018 - reading it keeps it
        self._collaborators.built()

    def __call__(self, event: Any, _context: object) -> dict[str, Any]:
        """Answer."""
        follow(None)
        try:
            question = parse(self.model.model_validate, event)
            ulid = new_ulid()
            follow(Cause(tenant=question.tenant, correlation_id=ulid, causation_id=ulid))
            answer: BaseModel = self.function(question, **self._collaborators.built())
        except Problem as problem:
            logger.info("refused", problem=problem.type)
            return {"problem": {"type": problem.type, "detail": problem.detail}}
        return {"data": answer.model_dump(mode="json")}


def resolver(function: Callable[..., Any], **collaborators: Callable[[], Any]) -> Resolver:
    """Declare a resolver.

    Parameters
    ----------
    function
        Takes an `Asked` and its collaborators by name, and returns a model.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Resolver(function, collaborators)
