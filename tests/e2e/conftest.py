"""The stage under test: a local one is started and deployed if it is down, and stopped again.

All that flies over its bus meanwhile is recorded, but for what the tests forge.
"""

from collections.abc import Callable, Iterator
from itertools import chain, takewhile

import httpx
import pytest

from infra.commands.local import bring_up
from infra.local import stage as local_stage
from infra.outputs import describe, running
from infra.stages import Stage
from infra.tap import tapped
from runtime.testing import RECORDER
from tests.e2e.client import Tenant, UnderTest


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Iterator[UnderTest]:
    name = request.config.getoption("--stage")
    started = Stage.of(name).local and not local_stage.is_up(name)
    if started:
        bring_up(name)
    try:
        running_stage = running(name)
        with httpx.Client() as http, tapped(running_stage) as batches:
            under_test = UnderTest(running_stage, describe(running_stage), http)
            yield under_test
            for event in chain.from_iterable(takewhile(bool, batches)):
                if event["id"] not in under_test.forged:
                    RECORDER.hear(event["source"], event["detail-type"], event["detail"])
    finally:
        if started:
            local_stage.stop(name)


@pytest.fixture
def tenant(stage: UnderTest) -> Tenant:
    return stage.tenant()


@pytest.fixture
def new_tenant(stage: UnderTest) -> Callable[[], Tenant]:
    return stage.tenant
