"""One JSON object a line, with the ids of what is being handled and of nothing before it."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from runtime.cause import Cause
from runtime.logs import follow, logger
from runtime.metrics import count

Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_says_when_where_and_what(lines: Lines) -> None:
    follow(None)
    logger.info("done", items=3)
    (line,) = lines()
    assert line["level"] == "INFO"
    assert line["message"] == "done"
    assert line["items"] == 3
    assert line["location"].startswith("test_a_line_says_when_where_and_what:")
    assert line["timestamp"].endswith("+00:00")


def test_a_line_follows_its_cause_and_no_earlier_one(lines: Lines) -> None:
    follow(Cause("acme", "call-1", "request-1"))
    logger.append_keys(order="ord_1")
    logger.info("first")
    follow(Cause("", "call-2", "request-2"))
    logger.info("second")
    follow(None)
    logger.info("third")
    first, second, third = lines()
    assert (first["tenant_id"], first["correlation_id"]) == ("acme", "call-1")
    assert (first["causation_id"], first["order"]) == ("request-1", "ord_1")
    assert second["correlation_id"] == "call-2"
    assert not {"tenant_id", "order"} & second.keys()
    assert not {"tenant_id", "order", "correlation_id", "causation_id"} & third.keys()


def test_a_stack_trace_is_one_line_without_a_refused_value(lines: Lines) -> None:
    class Model(BaseModel):
        number: int

    secret = "".join(["s3", "cr3t"])  # not as it stands here: a stack trace shows source lines
    try:
        Model.model_validate({"number": {secret: [secret, ", input_type=", "\n"]}})
    except ValueError:
        logger.exception("failed")
    (line,) = lines()
    assert (line["message"], line["exception_name"]) == ("failed", "ValidationError")
    assert "valid integer [type=int_type, input_type=dict]" in line["exception"]
    assert secret not in json.dumps(line)
    assert "stack_trace" not in line


def _alone(code: str, **environment: str) -> list[dict[str, Any]]:
    """Return the lines that a process of its own logs."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_service_is_the_one_of_the_environment() -> None:
    code = "from runtime.logs import follow, logger; follow(None); logger.warning('w')"
    (line,) = _alone(code, POWERTOOLS_SERVICE_NAME="orders")
    assert line["service"] == "orders"


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING"])
def test_the_level_is_the_one_of_the_environment(level: str) -> None:
    code = "from runtime.logs import logger as l; l.debug('D'); l.info('I'); l.warning('W')"
    levels = ["DEBUG", "INFO", "WARNING"]
    told = [line["level"] for line in _alone(code, LOG_LEVEL=level)]
    assert told == levels[levels.index(level) :]


def test_a_metric_is_a_line_in_the_embedded_format(
    metrics: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARLING_STAGE", "dev")
    monkeypatch.setenv("STARLING_SERVICE", "orders")
    count("OrdersPlaced", 3, type="EXPRESS")
    monkeypatch.delenv("STARLING_STAGE")
    monkeypatch.delenv("STARLING_SERVICE")
    count("OrdersPlaced", reason="none")
    first, second = metrics()
    (told,) = first["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == "Starling"
    assert told["Metrics"] == [{"Name": "OrdersPlaced", "Unit": "Count"}]
    assert set(told["Dimensions"][0]) >= {"stage", "service", "type"}
    assert (first["stage"], first["service"], first["type"]) == ("dev", "orders", "EXPRESS")
    assert (first["OrdersPlaced"], second["OrdersPlaced"]) == ([3.0], [1.0])
    assert "stage" not in second
