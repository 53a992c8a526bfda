import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.logs import logger

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged since the test began, parsed: every line must be a JSON object."""
    handler: Any = logger.registered_handler
    text = io.StringIO()
    before = handler.setStream(text)
    yield lambda: [json.loads(line) for line in text.getvalue().splitlines()]
    handler.setStream(before)


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The metrics that were emitted since it was last asked."""

    def emitted() -> list[dict[str, Any]]:
        out = capsys.readouterr().out.splitlines()
        return [json.loads(line) for line in out if '"_aws"' in line]

    return emitted
