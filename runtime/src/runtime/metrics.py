"""Custom metrics in CloudWatch's embedded metric format: a log line is the metric."""

import os

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Starling"
_WHERE = {"stage": "STARLING_STAGE", "service": "STARLING_SERVICE"}


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Emit a count, told apart by stage and service.

    Parameters
    ----------
    name
        The metric's name, in CamelCase.
    value
        How many.
    **dimensions
        At most a few, of low cardinality: never a tenant or an entity's id.
    """
    # Not from the settings: what reports a failure must not fail for a missing setting.
    where = {of: os.environ[variable] for of, variable in _WHERE.items() if variable in os.environ}
    with single_metric(
        name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as metric:
        for dimension, of in (where | dimensions).items():
            metric.add_dimension(dimension, of)
