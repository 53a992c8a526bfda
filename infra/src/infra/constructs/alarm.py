"""Alarms: each rings on the stage's alarm topic, and links to what to do then."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.arns import arn
from infra.constructs.watching import Metric, watched
from infra.stages import Stage


def topic_name(stage: Stage) -> str:
    """Return the name of the topic where a stage's alarms ring."""
    return stage.named("alarms")


def alarm(
    scope: Construct,
    construct_id: str,
    *,
    stage: Stage,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    statistic: str = "Maximum",
    threshold: float = 1,
    minutes: int = 1,
    period: int = 60,
) -> None:
    """Add an alarm that rings when a metric reaches a threshold.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        The stage, whose alarm topic is told.
    name
        The alarm's name within the stage. The service's README has a section of it
        (`infra.runbooks`), to which the description links.
    description
        What has happened.
    namespace, metric, dimensions
        The metric.
    statistic
        What of it, in each period.
    threshold
        The lowest value that rings.
    minutes
        For how many periods in a row it has to be reached: minutes, if `period` is not said.
    period
        In seconds.

    Raises
    ------
    infra.runbooks.NoRunbook
        The README of the service that is being made says nothing of the alarm.
    """
    cloudwatch.CfnAlarm(
        scope,
        construct_id,
        alarm_name=stage.named(name),
        alarm_description=_described(stage, name, description),
        namespace=namespace,
        metric_name=metric,
        dimensions=_dimensions(dimensions),
        statistic=statistic,
        period=period,
        evaluation_periods=minutes,
        threshold=threshold,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[arn("sns", topic_name(stage))],
    )


def share_alarm(
    scope: Construct,
    construct_id: str,
    *,
    stage: Stage,
    name: str,
    description: str,
    bad: Sequence[Metric],
    good: Sequence[Metric],
    percent: float,
    least: int,
    period: int,
) -> None:
    """Add an alarm that rings when too many of all attempts go wrong.

    Not on a local stage: its CloudFormation refuses alarms on several metrics.

    Parameters
    ----------
    scope, construct_id, stage, name, description
        As of `alarm`.
    bad, good
        The counts of the attempts that went wrong, and of the others.
    percent
        The lowest share of bad ones that rings.
    least
        Of fewer attempts in a period nothing is said.
    period
        In seconds.
    """
    if stage.local:
        return
    of = cloudwatch.CfnAlarm
    counts = {f"{kind}{n}": m for kind, ms in (("b", bad), ("g", good)) for n, m in enumerate(ms)}
    wrong = "+".join(f"FILL({id_},0)" for id_ in counts if id_.startswith("b"))
    every = "+".join(f"FILL({id_},0)" for id_ in counts)
    of(
        scope,
        construct_id,
        alarm_name=stage.named(name),
        alarm_description=_described(stage, name, description),
        metrics=[
            of.MetricDataQueryProperty(
                id="share",
                expression=f"IF(({every})>={least},100*({wrong})/({every}),0)",
                label="percent",
                return_data=True,
            ),
            *(
                of.MetricDataQueryProperty(
                    id=id_,
                    return_data=False,
                    metric_stat=of.MetricStatProperty(
                        stat="Sum",
                        period=period,
                        metric=of.MetricProperty(
                            namespace=metric.namespace,
                            metric_name=metric.name,
                            dimensions=_dimensions(metric.dimensions),
                        ),
                    ),
                )
                for id_, metric in counts.items()
            ),
        ],
        evaluation_periods=1,
        threshold=percent,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[arn("sns", topic_name(stage))],
    )


def _described(stage: Stage, name: str, description: str) -> str:
    seen = watched()
    if seen is None:
        return description
    link = seen.runbooks.link(name)
    seen.alarms.append(stage.named(name))
    return f"{description} What to do: {link}"


def _dimensions(of: Mapping[str, str]) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in of.items()
    ]
