"""What a service's stack is made from: the service's code, and the functions that it declares."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import bundling, discovery
from infra.constructs.bundle import make_bundle
from infra.constructs.dashboard import dashboard
from infra.constructs.function import Access, Bundle, Plan
from infra.constructs.watching import MESSAGES, WAITING, watching
from infra.discovery import Service, titled
from infra.stages import Stage

D = TypeVar("D")

More = Mapping[str, Sequence[Access]]
"""What single functions may reach besides, by their names."""

NO_MORE: More = {}


class DeclaringStack(Stack):
    """A stack that knows what its service declares.

    Parameters
    ----------
    scope
        The app.
    service
        The service whose stack it is.
    stage
        Where it goes.

    Attributes
    ----------
    seen
        What its dashboard shows; `build` may add to it.
    """

    def __init__(self, scope: Construct, service: Service, stage: Stage) -> None:
        name = stage.named(service.name)
        super().__init__(
            scope,
            name,
            stack_name=name,
            description=f"Starling: the {service.name} service, stage {stage.name}",
        )
        self.service = service
        self.stage = stage
        with watching(service, stage) as self.seen:
            self.build()
        if WAITING in self.seen.graphs:  # each consumer of a queue counts so
            failed, set_aside = self.seen.own("MessagesFailed"), self.seen.own("MessagesSetAside")
            self.seen.show(MESSAGES, failed, set_aside)
        if self.seen.graphs:
            dashboard(self, "Dashboard", self.seen)

    def build(self) -> None:
        """Add what the service is made of."""
        raise NotImplementedError

    def shared(self, name: str) -> str:
        """Return a value that the platform's stack shares, read when the stack is deployed."""
        return ssm.StringParameter.value_for_string_parameter(self, self.stage.parameter(name))

    @cached_property
    def bundle(self) -> Bundle:
        """The code and the layer that the service's functions share."""
        target = bundling.Target.of(self.stage)
        return make_bundle(
            self,
            self.service.name,
            code=bundling.code(self.service, target),
            layer=bundling.layer(self.service, target),
        )

    def declared(
        self, part: str, kind: type[D], more: More = NO_MORE
    ) -> Iterator[tuple[str, Plan, D]]:
        """Yield the functions of a part of the service: title, plan and declaration of each.

        Raises
        ------
        LookupError
            `more` names one that is not there.
        """
        functions = discovery.declared(self.service, part, kind)
        if unknown := more.keys() - {found.name for found in functions}:
            raise LookupError(f"{self.service.name} has no {part} called {sorted(unknown)}")
        for found in functions:
            plan = Plan(self.stage, self.bundle, found.name, found.handler)
            reaching = plan.reaching(*more.get(found.name, ()))
            yield titled(found.name), reaching, found.declaration
