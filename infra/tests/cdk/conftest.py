"""A small service on which the constructs are tried."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.discovery import Service
from infra.paths import SERVICES
from infra.stages import Stage
from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, assertions  # noqa: E402 - see above

from infra.app import stack_of  # noqa: E402 - see above

SAMPLE = Path(__file__).parent / "sample" / "birds"


@pytest.fixture(scope="session")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The sample service, with the lock of a real one."""
    folder = tmp_path_factory.mktemp("services") / "birds"
    shutil.copytree(SAMPLE, folder)
    shutil.copy(SERVICES / "users" / "requirements.lock", folder)
    return Service(folder)


@pytest.fixture(scope="session")
def synthesise(birds: Service) -> Callable[[str], assertions.Template]:
    """Make the sample's template for a stage."""
    made: dict[str, assertions.Template] = {}

    def template(stage: str) -> assertions.Template:
        if stage not in made:
            stack = stack_of(birds)(App(), birds, Stage.of(stage))
            made[stage] = assertions.Template.from_stack(stack)
        return made[stage]

    return template


@pytest.fixture(scope="session")
def template(synthesise: Callable[[str], assertions.Template]) -> assertions.Template:
    """The sample's template for a protected stage."""
    return synthesise("prod")
