"""The stack of one service: a few lines, because its functions declare themselves."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from aws_cdk import CfnOutput
from constructs import Construct

from infra.constructs.arns import arn
from infra.constructs.declaring import NO_MORE, DeclaringStack, More
from infra.constructs.function import Access, Function, Plan
from infra.constructs.graph_api import GraphApi
from infra.constructs.http_api import HttpApi
from infra.constructs.queue import ATTEMPTS, DeadLetterQueue, WorkQueue
from infra.constructs.rest_api import RestApi
from infra.constructs.schedule import Schedule
from infra.constructs.secret import CursorSecret
from infra.constructs.state_machine import Created, Published, StateMachine, named
from infra.constructs.stream import Publisher, StreamConsumer
from infra.constructs.subscription import Subscription, worker
from infra.constructs.table import ServiceTable
from infra.discovery import routes, titled
from runtime.endpoint import Endpoint
from runtime.queued import MAX_MESSAGE_BYTES, Consumer
from runtime.reaction import Reaction
from runtime.resolver import Resolver
from runtime.schedule import Schedule as DeclaredSchedule
from runtime.stream import Stream
from runtime.task import Task
from runtime.worker import Worker

_NO_QUEUES: Mapping[str, WorkQueue] = {}


class ServiceStack(DeclaringStack):
    """A stack that is deployable alone: it learns shared names from parameters and conventions.

    A service's ``stack.py`` has one subclass, whose `build` says what it is made of.
    """

    def table(self) -> ServiceTable:
        """Add the service's table, with its stream on."""
        return ServiceTable(self, "Table", stage=self.stage, service=self.service.name)

    def publisher(self, table: ServiceTable) -> None:
        """Add the function that publishes the events on the table's changes."""
        bus = arn("events", f"event-bus/{self.stage.named()}")
        plan = Plan(self.stage, self.bundle, "publisher", "runtime.publisher.handler")
        Publisher(self, "Publisher", plan, table=table, bus_arn=bus)

    def rest_api(
        self,
        *also: Access,
        reads: ServiceTable,
        writes: ServiceTable,
        queues: Mapping[str, WorkQueue] = _NO_QUEUES,
        more: More = NO_MORE,
    ) -> None:
        """Add a REST API with a function, or a queue, for each module of the service's ``api``.

        Parameters
        ----------
        *also
            What each of its functions may reach besides.
        reads, writes
            The table that its endpoints may read and that those that write may change.
        queues
            The queues behind endpoints that are no functions, by their names.
        more
            What single ones may reach.
        """
        arn = self.shared("authorizer-arn")
        api = RestApi(self, "Api", stage=self.stage, service=self.service.name, authorizer_arn=arn)
        for route in routes(self.service):
            api.add_queued(route.name, route.declaration, queues[route.declaration.queue])
        self._serve(api, (reads.reading(), *also), writes.writing(), more)

    def http_api(
        self, *also: Access, table: ServiceTable | None = None, more: More = NO_MORE
    ) -> None:
        """Add an HTTP API with a function for each module of the service's ``api``.

        Parameters
        ----------
        *also
            What each of its functions may reach besides.
        table
            The table that its endpoints may read and that those that write may change.
        more
            What single ones may reach.
        """
        api = HttpApi(
            self,
            "Api",
            stage=self.stage,
            service=self.service.name,
            issuer=self.shared("issuer"),
            audience=self.shared("user-pool-client-id"),
        )
        reading = (table.reading(),) if table else ()
        self._serve(api, (*reading, *also), table.writing() if table else None, more)

    def graph_api(self, *also: Access, table: ServiceTable, more: More = NO_MORE) -> None:
        """Add a GraphQL API of the service's folder ``graphql``, which reads its table.

        A module of the service's ``resolvers`` answers the field that its name says: of
        ``query_search`` that is ``Query.search``.

        Parameters
        ----------
        *also
            What each of these functions may reach.
        table
            What all other fields are read from.
        more
            What single functions may reach.
        """
        functions = {}
        for title, plan, resolver in self.declared("resolvers", Resolver, more):
            reaching = plan.reaching(*also)
            if "after" in resolver.model.model_fields:
                reaching = reaching.reaching(self._cursors)
            functions[plan.name] = Function(self, title, reaching)
        graph = GraphApi(
            self,
            "Graph",
            stage=self.stage,
            service=self.service.name,
            folder=self.service.folder / "graphql",
            table=table,
            functions=functions,
            user_pool=self.shared("user-pool-id"),
            client=self.shared("user-pool-client-id"),
        )
        CfnOutput(self, "GraphId", value=graph.id)
        CfnOutput(self, "GraphUrl", value=graph.url)

    def reactions(self, *also: Access, writes: ServiceTable, more: More = NO_MORE) -> None:
        """Add a subscription for each module of the service's ``reactions``.

        Parameters
        ----------
        *also
            What each may reach besides.
        writes
            The table that they read and change.
        more
            What single ones may reach.
        """
        for title, plan, reaction in self.declared("reactions", Reaction, more):
            reaching = plan.reaching(writes.reading(), writes.writing(), *also)
            Subscription(self, title, reaching, reaction=reaction)

    def schedules(self, *also: Access, writes: ServiceTable, more: More = NO_MORE) -> None:
        """Add a function and its clock for each module of the service's ``schedules``.

        Parameters
        ----------
        *also
            What each may reach besides.
        writes
            The table that they read and change.
        more
            What single ones may reach.
        """
        for title, plan, schedule in self.declared("schedules", DeclaredSchedule, more):
            reaching = plan.reaching(writes.reading(), writes.writing(), *also)
            Schedule(self, title, reaching, schedule=schedule)

    def streams(self, table: ServiceTable, *also: Access) -> None:
        """Add a consumer of the table's stream for each module of the service's ``streams``.

        Parameters
        ----------
        table
            Whose stream; the functions may also read it.
        *also
            What each may reach besides.
        """
        for title, plan, stream in self.declared("streams", Stream):
            parked = DeadLetterQueue(
                self,
                f"{title}Parked",
                stage=self.stage,
                name=f"{plan.within_stage}-parked",
                holds=f"{self.service.name}'s {plan.name} could not handle a change.",
            )
            reaching = plan.reaching(table.reading(), *also)
            StreamConsumer(self, title, reaching, stream=stream, table=table, parked=parked)

    def work_queue(
        self,
        name: str,
        *,
        attempts: int = ATTEMPTS,
        buckets: Sequence[str] = (),
        topics: Sequence[str] = (),
    ) -> WorkQueue:
        """Add a queue of the service's own, for one of its workers.

        Parameters
        ----------
        name
            The queue's name within the service, which is its worker's.
        attempts
            How often a message is received before it goes to the dead-letter queue.
        buckets, topics
            ARNs of the buckets that tell it of their objects, and of the topics behind it.
        """
        workers = self.declared("workers", Worker)
        declaration = {plan.name: found for _, plan, found in workers}[name]
        return WorkQueue(
            self,
            f"{titled(name)}Queue",
            stage=self.stage,
            name=f"{self.service.name}-{name}",
            holds=f"{self.service.name} could not handle a message ({name}).",
            handling=declaration.capacity.seconds,
            largest=MAX_MESSAGE_BYTES if isinstance(declaration, Consumer) else None,
            attempts=attempts,
            buckets=buckets,
            topics=topics,
        )

    def workers(self, *also: Access, queues: Mapping[str, WorkQueue], more: More = NO_MORE) -> None:
        """Add a function for each module of the service's ``workers``.

        Parameters
        ----------
        *also
            What each may reach besides its queue.
        queues
            Their queues, by the workers' names.
        more
            What single ones may reach.
        """
        for title, plan, declaration in self.declared("workers", Worker, more):
            queue = queues[plan.name]
            reaching = plan.reaching(*also)
            if declaration.attempts is not None:
                reaching = reaching.reaching(queue.sending("QUEUE_URL"))
            worker(Construct(self, title), reaching, queue, declaration.capacity)

    def workflow(
        self,
        name: str,
        *also: Access,
        reaches: Sequence[Access] = (),
        started: Created | Published | None = None,
        more: More = NO_MORE,
    ) -> StateMachine:
        """Add a state machine, and a function for each task that its definition names.

        Parameters
        ----------
        name
            Its name within the service: ``large-import`` is ``workflow/large_import.asl.json``.
        *also
            What each of its tasks may reach.
        reaches
            What the state machine itself reaches.
        started
            What starts it, if anything does.
        more
            What single tasks may reach.
        """
        definition = self.service.definition(name)
        tasks = {}
        for title, plan, task in self.declared("workflow", Task, more):
            if (word := plan.name.replace("-", "_")) in named(definition):
                seconds, memory = task.capacity
                reaching = plan.reaching(*also)
                tasks[word] = Function(self, title, reaching, timeout=seconds, memory=memory)
        return StateMachine(
            self,
            titled(name),
            stage=self.stage,
            name=f"{self.service.name}-{name}",
            definition=definition,
            tasks=tasks,
            access=reaches,
            started=started,
        )

    @cached_property
    def _cursors(self) -> Access:
        secret = CursorSecret(self, "Cursors", stage=self.stage, service=self.service.name)
        return secret.reading()

    def _serve(
        self,
        api: RestApi | HttpApi,
        access: tuple[Access, ...],
        writing: Access | None,
        more: More,
    ) -> None:
        for title, plan, endpoint in self.declared("api", Endpoint, more):
            reaching = plan.reaching(*access)
            if writing and endpoint.access == "write":
                reaching = reaching.reaching(writing)
            if "cursor" in endpoint.query.model_fields:
                reaching = reaching.reaching(self._cursors)
            api.add(plan.name, endpoint, Function(self, title, reaching))
        CfnOutput(self, "ApiId", value=api.id)
        CfnOutput(self, "ApiUrl", value=api.url)
