"""Alarms: each rings on the stage's alarm topic."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.arns import arn
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
    threshold: float = 1,
    minutes: int = 1,
) -> None:
    """Add an alarm that rings when a metric's maximum of a minute reaches a threshold.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        The stage, whose alarm topic is told.
    name
        The alarm's name within the stage.
    description
        What has happened and where to look.
    namespace, metric, dimensions
        The metric.
    threshold
        The lowest value that rings.
    minutes
        For how many minutes in a row it has to be reached.
    """
    cloudwatch.CfnAlarm(
        scope,
        construct_id,
        alarm_name=stage.named(name),
        alarm_description=description,
        namespace=namespace,
        metric_name=metric,
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value)
            for key, value in dimensions.items()
        ],
        statistic="Maximum",
        period=60,
        evaluation_periods=minutes,
        threshold=threshold,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[arn("sns", topic_name(stage))],
    )
