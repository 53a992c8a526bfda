"""A small service on which the constructs are tried, and what judges what they make."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.discovery import Service
from infra.paths import SERVICES
from infra.stages import Stage
from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, Stack, Validations, assertions  # noqa: E402 - see above
from cdk_nag import AwsSolutionsChecks  # noqa: E402 - see above

from infra.app import stack_of  # noqa: E402 - see above
from infra.constructs import reasons  # noqa: E402 - see above

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


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[Callable[[App], Stack]], list[str]]:
    """Return what cdk-nag and cfn-lint find in the stack that a function makes."""

    def judge(make: Callable[[App], Stack]) -> list[str]:
        app = App(
            outdir=str(tmp_path),
            builtin_cloud_formation_validation=False,
            post_cli_context={"aws:cdk:disable-asset-staging": True},
        )
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        with reasons.judged():
            stack = make(app)
        try:
            app.synth()
        except RuntimeError as error:
            assert "ValidationFailed" in str(error)  # noqa: PT017 - the report says what it found
        report = json.loads((tmp_path / "validation-report.json").read_text())
        found = [
            f"{construct['constructPath']}: {violation['ruleName']}"
            for plugin in report["pluginReports"]
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        ]
        template = tmp_path / f"{stack.stack_name}.template.json"
        lint = Path(sys.executable).with_name("cfn-lint")
        done = subprocess.run([lint, template], capture_output=True, text=True, check=False)
        return found + done.stdout.splitlines()

    return judge
