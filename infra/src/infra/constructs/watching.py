"""What is to be seen of a service: constructs say it as they are made, its dashboard shows it.

Said in this process alone: nothing of it costs a round trip to the CDK's kernel.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from infra.discovery import Service
from infra.runbooks import Runbooks
from infra.stages import Stage
from runtime.metrics import NAMESPACE


@dataclass(frozen=True)
class Graph:
    """A graph of a dashboard.

    Attributes
    ----------
    title
        With the unit, if it is not a count.
    statistic
        What is shown of each period: a sum, a maximum, a percentile.
    """

    title: str
    statistic: str = "Sum"


REQUESTS = Graph("API: requests")
REFUSED = Graph("API: 4xx and 5xx")
LATENCY = Graph("API: latency, p95 in ms", "p95")
ERRORS = Graph("Functions: errors")
DURATION = Graph("Functions: duration, p95 in ms", "p95")
THROTTLES = Graph("Functions: throttles")
WAITING = Graph("Queues: messages waiting", "Maximum")
AGE = Graph("Queues: age of the oldest message in s", "Maximum")
DEAD = Graph("Dead-letter queues: messages", "Maximum")
MESSAGES = Graph("Messages that failed, and that were set aside")
BEHIND = Graph("Streams: age of the oldest unread change in ms", "Maximum")
EXECUTIONS = Graph("State machines: how executions ended")
TOLD = Graph("Topics: published, and not delivered")

GRAPHS = (
    *(REQUESTS, REFUSED, LATENCY),
    *(ERRORS, DURATION, THROTTLES),
    *(WAITING, AGE, DEAD),
    *(MESSAGES, BEHIND, EXECUTIONS),
    TOLD,
)
"""Those that any service may have, in order; its own come after."""


@dataclass(frozen=True)
class Metric:
    """A metric of CloudWatch.

    Attributes
    ----------
    namespace, name, dimensions
        Which one.
    label
        What it is called in a graph.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    label: str


@dataclass
class Watched:
    """What is to be seen of a service.

    Attributes
    ----------
    service, stage
        Whose it is.
    graphs
        The metrics of each graph.
    alarms
        Names of its alarms, with the stage's.
    references
        What CloudFormation fills in, by the words that stand for it: ``${word}`` in a dimension.
    """

    service: Service
    stage: Stage
    graphs: dict[Graph, list[Metric]] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runbooks = Runbooks(self.service, self.stage.runbooks)

    def show(self, graph: Graph, *metrics: Metric) -> None:
        """Add metrics to a graph."""
        self.graphs.setdefault(graph, []).extend(metrics)

    def own(self, name: str, label: str | None = None, **dimensions: str) -> Metric:
        """Return a metric that the service's own code counts (`runtime.metrics`)."""
        where = {"stage": self.stage.name, "service": self.service.name}
        return Metric(NAMESPACE, name, where | dimensions, label or name)


def show(
    graph: Graph,
    namespace: str,
    dimension: str,
    of: str,
    metrics: Mapping[str, str],
    *,
    called: str | None = None,
) -> None:
    """Show metrics of a resource on the dashboard of the service that is being made, if one is.

    Parameters
    ----------
    graph
        Where.
    namespace, dimension, of
        The resource: its name is the value of the dimension.
    metrics
        What each is called, after the resource; empty if it is the only one.
    called
        What the resource is called there, if not by its name within the service.
    """
    watched = _watched.get()
    if watched is None:
        return
    if called is None:
        called = of.removeprefix(f"{watched.stage.named(watched.service.name)}-")
    for name, word in metrics.items():
        watched.show(graph, Metric(namespace, name, {dimension: of}, f"{called} {word}".strip()))


def watched() -> Watched | None:
    """Return what is watched of the service whose stack is being made; None outside of one."""
    return _watched.get()


@contextmanager
def watching(service: Service, stage: Stage) -> Iterator[Watched]:
    """Watch what is made within."""
    found = Watched(service, stage)
    token = _watched.set(found)
    try:
        yield found
    finally:
        _watched.reset(token)


_watched: ContextVar[Watched | None] = ContextVar("watched", default=None)
