"""Structured logs: one JSON object a line, with the correlation id of the request behind it.

Log ids and counts, never names, addresses, tokens or bodies: personal data stays out.
"""

import re
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from runtime.cause import Cause

_INPUT = re.compile(r"input_value=.*, (?=input_type=)")


def without_values(text: str) -> str:
    """Return an error's text without the values that pydantic repeats: they may be somebody's."""
    return _INPUT.sub("", text)


class _Formatter(LambdaPowertoolsFormatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        return without_values(super().formatException(ei))


# The stack trace is text already: parsed into frames as well it would say everything twice.
logger = Logger(logger_formatter=_Formatter(use_rfc3339=True, utc=True, serialize_stacktrace=False))


def follow(cause: Cause | None, **more: str) -> None:
    """Put the ids of what is being handled on every following line.

    Parameters
    ----------
    cause
        The request or event being handled; None while it is not known. The keys of an earlier
        one are dropped.
    **more
        Other ids.
    """
    ids: dict[str, Any] = dict(more)
    if cause is not None:
        ids |= {"correlation_id": cause.correlation_id, "causation_id": cause.causation_id}
        if cause.tenant:
            ids["tenant_id"] = cause.tenant
    logger.structure_logs(append=False, **ids)
