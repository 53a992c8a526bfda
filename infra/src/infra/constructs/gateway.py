"""What is to be seen of an API, whichever of API Gateway's two kinds it is."""

from typing import Final, NamedTuple

from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.watching import LATENCY, REFUSED, REQUESTS, show, watched
from infra.stages import Stage

FAILURES: Final = 5
PERIOD: Final = 300
"""So many 5xx within so many seconds ring: one alone may be a deployment's."""

_NAMESPACE = "AWS/ApiGateway"


class Kind(NamedTuple):
    """How a kind of API calls its metrics.

    Attributes
    ----------
    dimension
        By which they are told apart.
    refused, failed
        The answers 4xx and 5xx.
    """

    dimension: str
    refused: str
    failed: str


# "Amazon API Gateway dimensions and metrics"; "Working with metrics for HTTP APIs".
REST: Final = Kind("ApiName", "4XXError", "5XXError")
HTTP: Final = Kind("ApiId", "4xx", "5xx")


def gateway_seen(scope: Construct, stage: Stage, service: str, kind: Kind, of: str) -> None:
    """Show an API on its service's dashboard, and let an alarm ring at its 5xx.

    Parameters
    ----------
    scope
        The API's construct.
    stage, service
        Whose it is.
    kind
        What it is.
    of
        The dimension's value: a REST API's name, the id of an HTTP API, which is known when it is
        there.
    """
    alarm(
        scope,
        "Failing",
        stage=stage,
        name=f"{service}-api-5xx",
        description=f"{FAILURES} requests to {service} within {PERIOD // 60} minutes got a 5xx.",
        namespace=_NAMESPACE,
        metric=kind.failed,
        dimensions={kind.dimension: of},
        statistic="Sum",
        threshold=FAILURES,
        period=PERIOD,
    )
    seen = watched()
    if seen and kind is HTTP:
        seen.references["Api"] = of
        of = "${Api}"
    shown = {
        REQUESTS: {"Count": "requests"},
        REFUSED: {kind.refused: "4xx", kind.failed: "5xx"},
        LATENCY: {"Latency": "p95"},
    }
    for graph, metrics in shown.items():
        show(graph, _NAMESPACE, kind.dimension, of, metrics, called="")
