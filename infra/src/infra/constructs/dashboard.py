"""One dashboard a service, made of what its stack is made of."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from aws_cdk import Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.watching import GRAPHS, Graph, Metric, Watched

_WIDTH, _HEIGHT, _A_ROW = 8, 6, 3  # a dashboard has 24 columns
_PERIOD = 60  # seconds
# The most of one widget: "Dashboard body structure and syntax", "CloudWatch service quotas".
_MOST_ALARMS, _MOST_METRICS = 100, 500


def dashboard(scope: Construct, construct_id: str, watched: Watched) -> None:
    """Add the dashboard of a service: one text to CloudFormation, whatever is on it.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    watched
        What is to be seen.
    """
    text = json.dumps(body(watched), separators=(",", ":"))
    cloudwatch.CfnDashboard(
        scope,
        construct_id,
        dashboard_name=watched.stage.named(watched.service.name),
        dashboard_body=Fn.sub(text, watched.references or None),
    )


def body(watched: Watched) -> dict[str, Any]:
    """Return what a dashboard shows; ``${…}`` is left to CloudFormation.

    Raises
    ------
    ValueError
        A graph has more lines than CloudWatch draws.
    """
    widgets = [_title(watched)]
    top = widgets[0]["height"]
    for names in _parts(sorted(watched.alarms), _MOST_ALARMS):
        widgets.append(_alarms(names, top))
        top += _HEIGHT
    own = [graph for graph in watched.graphs if graph not in GRAPHS]
    shown = [graph for graph in (*GRAPHS, *own) if graph in watched.graphs]
    for number, graph in enumerate(shown):
        metrics = watched.graphs[graph]
        if len(metrics) > _MOST_METRICS:
            raise ValueError(f"{graph.title}: {len(metrics)} lines are more than {_MOST_METRICS}")
        row, column = divmod(number, _A_ROW)
        widgets.append(_graph(graph, metrics, column * _WIDTH, top + row * _HEIGHT))
    return {"widgets": widgets}


def _title(watched: Watched) -> dict[str, Any]:
    page = watched.runbooks.page
    link = f"[{page}]({page})" if watched.runbooks.base else f"`{page}`"
    text = (
        f"# {watched.service.name}, stage {watched.stage.name}\n"
        f"What to do when an alarm rings: {link}"
    )
    return {
        "type": "text",
        **_place(0, 0, _WIDTH * _A_ROW, 2),
        "properties": {"markdown": text},
    }


def _alarms(names: Sequence[str], top: int) -> dict[str, Any]:
    at = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    return {
        "type": "alarm",
        **_place(0, top, _WIDTH * _A_ROW, _HEIGHT),
        "properties": {
            "title": "Alarms",
            "sortBy": "stateUpdatedTimestamp",
            "alarms": [f"{at}{name}" for name in names],
        },
    }


def _graph(graph: Graph, metrics: Sequence[Metric], left: int, top: int) -> dict[str, Any]:
    return {
        "type": "metric",
        **_place(left, top, _WIDTH, _HEIGHT),
        "properties": {
            "title": graph.title,
            "region": "${AWS::Region}",
            "stat": graph.statistic,
            "period": _PERIOD,
            "yAxis": {"left": {"min": 0}},
            "metrics": [list(_line(metric)) for metric in metrics],
        },
    }


def _place(left: int, top: int, width: int, height: int) -> dict[str, int]:
    return {"x": left, "y": top, "width": width, "height": height}


def _line(metric: Metric) -> Iterator[object]:
    yield from (metric.namespace, metric.name)
    for name, value in metric.dimensions.items():
        yield from (name, value)
    yield {"label": metric.label}


def _parts(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), most):
        yield names[start : start + most]
