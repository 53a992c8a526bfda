"""The stack of one service: a few lines, because its functions declare themselves."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import bundling
from infra.constructs.arns import arn
from infra.constructs.bundle import make_bundle
from infra.constructs.function import Access, Bundle, Function, Plan
from infra.constructs.http_api import HttpApi
from infra.constructs.queue import ATTEMPTS, DeadLetterQueue, WorkQueue
from infra.constructs.rest_api import RestApi
from infra.constructs.schedule import Schedule
from infra.constructs.secret import CursorSecret
from infra.constructs.stream import Publisher, StreamConsumer
from infra.constructs.subscription import HANDLING, Subscription, worker
from infra.constructs.table import ServiceTable
from infra.discovery import Service, declared
from infra.stages import Stage
from runtime.endpoint import Endpoint
from runtime.reaction import Reaction
from runtime.schedule import Schedule as DeclaredSchedule
from runtime.stream import Stream
from runtime.worker import Worker

D = TypeVar("D")


class ServiceStack(Stack):
    """A stack that is deployable alone: it learns shared names from parameters and conventions.

    A service's ``stack.py`` has one subclass, whose `build` says what it is made of.

    Parameters
    ----------
    scope
        The app.
    service
        The service whose stack it is.
    stage
        Where it goes.
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
        self.build()

    def build(self) -> None:
        """Add what the service is made of."""
        raise NotImplementedError

    def table(self) -> ServiceTable:
        """Add the service's table, with its stream on."""
        return ServiceTable(self, "Table", stage=self.stage, service=self.service.name)

    def publisher(self, table: ServiceTable) -> None:
        """Add the function that publishes the events on the table's changes."""
        bus = arn("events", f"event-bus/{self.stage.named()}")
        plan = Plan(self.stage, self.bundle, "publisher", "runtime.publisher.handler")
        Publisher(self, "Publisher", plan, table=table, bus_arn=bus)

    def rest_api(self, *also: Access, reads: ServiceTable, writes: ServiceTable) -> None:
        """Add a REST API with a function for each module of the service's ``api``.

        Parameters
        ----------
        *also
            What each of its functions may reach besides.
        reads, writes
            The table that its endpoints may read and that those that write may change.
        """
        arn = self.shared("authorizer-arn")
        api = RestApi(self, "Api", stage=self.stage, service=self.service.name, authorizer_arn=arn)
        self._serve(api, (reads.reading(), *also), writes.writing())

    def http_api(self, *also: Access) -> None:
        """Add an HTTP API with a function for each module of the service's ``api``.

        Parameters
        ----------
        *also
            What each of its functions may reach; they read and write no table.
        """
        api = HttpApi(
            self,
            "Api",
            stage=self.stage,
            service=self.service.name,
            issuer=self.shared("issuer"),
            audience=self.shared("user-pool-client-id"),
        )
        self._serve(api, also, None)

    def reactions(self, *also: Access, writes: ServiceTable) -> None:
        """Add a subscription for each module of the service's ``reactions``.

        Parameters
        ----------
        *also
            What each may reach besides.
        writes
            The table that they read and change.
        """
        for title, plan, reaction in self._declared("reactions", Reaction):
            reaching = plan.reaching(writes.reading(), writes.writing(), *also)
            Subscription(self, title, reaching, reaction=reaction)

    def schedules(self, *also: Access, writes: ServiceTable) -> None:
        """Add a function and its clock for each module of the service's ``schedules``.

        Parameters
        ----------
        *also
            What each may reach besides.
        writes
            The table that they read and change.
        """
        for title, plan, schedule in self._declared("schedules", DeclaredSchedule):
            reaching = plan.reaching(writes.reading(), writes.writing(), *also)
            Schedule(self, title, reaching, rate=schedule.rate)

    def streams(self, table: ServiceTable, *also: Access) -> None:
        """Add a consumer of the table's stream for each module of the service's ``streams``.

        Parameters
        ----------
        table
            Whose stream; the functions may also read it.
        *also
            What each may reach besides.
        """
        for title, plan, stream in self._declared("streams", Stream):
            parked = DeadLetterQueue(
                self,
                f"{title}Parked",
                stage=self.stage,
                name=f"{plan.within_stage}-parked",
                holds=f"{self.service.name}'s {plan.name} could not handle a change.",
            )
            reaching = plan.reaching(table.reading(), *also)
            StreamConsumer(self, title, reaching, stream=stream, table=table, parked=parked)

    def work_queue(self, name: str, *, attempts: int = ATTEMPTS) -> WorkQueue:
        """Add a queue of the service's own, for one of its workers.

        Parameters
        ----------
        name
            The queue's name within the service, which is its worker's.
        attempts
            How often a message is received before it goes to the dead-letter queue.
        """
        return WorkQueue(
            self,
            f"{_title(name)}Queue",
            stage=self.stage,
            name=f"{self.service.name}-{name}",
            holds=f"{self.service.name} could not handle a message ({name}).",
            handling=HANDLING,
            attempts=attempts,
        )

    def workers(self, *also: Access, queues: Sequence[WorkQueue]) -> None:
        """Add a function for each module of the service's ``workers``.

        Parameters
        ----------
        *also
            What each may reach besides its queue.
        queues
            Their queues, in the order of the modules' names.
        """
        workers = self._declared("workers", Worker)
        for (title, plan, _declaration), queue in zip(workers, queues, strict=True):
            worker(Construct(self, title), plan.reaching(*also), queue)

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

    @cached_property
    def _cursors(self) -> Access:
        secret = CursorSecret(self, "Cursors", stage=self.stage, service=self.service.name)
        return secret.reading()

    def _serve(
        self, api: RestApi | HttpApi, access: tuple[Access, ...], writing: Access | None
    ) -> None:
        for title, plan, endpoint in self._declared("api", Endpoint):
            reaching = plan.reaching(*access)
            if writing and endpoint.access == "write":
                reaching = reaching.reaching(writing)
            if "cursor" in endpoint.query.model_fields:
                reaching = reaching.reaching(self._cursors)
            api.add(plan.name, endpoint, Function(self, title, reaching))
        CfnOutput(self, "ApiId", value=api.id)
        CfnOutput(self, "ApiUrl", value=api.url)

    def _declared(self, part: str, kind: type[D]) -> Iterator[tuple[str, Plan, D]]:
        for found in declared(self.service, part, kind):
            plan = Plan(self.stage, self.bundle, found.name, found.handler)
            yield _title(found.name), plan, found.declaration


def _title(name: str) -> str:
    return name.title().replace("-", "")
