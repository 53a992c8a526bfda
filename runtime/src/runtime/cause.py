"""What led to a change: the ids that travel from the request through events to reactions."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

CORRELATION_HEADER = "x-correlation-id"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_XRAY = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16})(?:;Sampled=([01]))?")


class Cause(NamedTuple):
    """The request or event that is being handled.

    Attributes
    ----------
    tenant
        The tenant on whose behalf.
    correlation_id
        The id of the request at the beginning of it all.
    causation_id
        The id of the request or event that directly led here.
    traceparent
        W3C trace context, if the request is traced.
    """

    tenant: str
    correlation_id: str
    causation_id: str
    traceparent: str | None = None


def correlation_id(headers: Mapping[str, str], request_id: str) -> str:
    """Return the caller's correlation id if it sent a usable one, else the request's own id.

    Parameters
    ----------
    headers
        The request's headers, names in lower case.
    request_id
        The id that the gateway gave the request.
    """
    given = headers.get(CORRELATION_HEADER, "")
    return given if _CORRELATION_ID.fullmatch(given) else request_id


def traceparent(headers: Mapping[str, str]) -> str | None:
    """Return the trace context of this invocation in W3C form.

    Parameters
    ----------
    headers
        The request's headers, names in lower case.

    Returns
    -------
    str or None
        The caller's `traceparent`, else the one that Lambda's own trace header stands for
        (the format of X-Ray's tracing header), else None.
    """
    given = headers.get("traceparent", "")
    if _TRACEPARENT.fullmatch(given):
        return given
    xray = _XRAY.search(os.environ.get("_X_AMZN_TRACE_ID", ""))
    if xray is None:
        return None
    epoch, rest, parent, sampled = xray.groups()
    return f"00-{epoch}{rest}-{parent}-0{sampled or 0}"
