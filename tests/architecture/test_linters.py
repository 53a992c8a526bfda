"""What independent judges say of the code and the templates."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.paths import ROOT
from infra.stages import Stage
from infra.tools import node
from tests.synthesis import Assembly

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, Validations  # noqa: E402 - see above
from cdk_nag import AwsSolutionsChecks  # noqa: E402 - see above

from infra import app as cdk_app  # noqa: E402 - see above
from infra.constructs import reasons  # noqa: E402 - see above

AWS_STAGES = ("prod", "dev")


def test_imports_go_the_way_that_the_design_says() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_cfn_lint_finds_nothing(assembly: Assembly) -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    templates = sorted(assembly.folder.glob("*.template.json"))
    assert len(templates) == len(assembly.templates)
    done = subprocess.run([lint, *templates], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("stage", AWS_STAGES)
def test_cdk_nag_finds_nothing_that_is_not_explained(stage: str, tmp_path: Path) -> None:
    assert nag(stage, tmp_path) == set()


@pytest.mark.parametrize("stage", AWS_STAGES)
def test_every_explanation_is_of_something_that_cdk_nag_finds(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained: set[tuple[str, str]] = set()

    class Unheard:
        """Hears the explanations, and does not pass them on."""

        def __init__(self, construct: Any) -> None:
            self.path = construct.node.path

        @classmethod
        def of(cls, construct: Any) -> "Unheard":
            return cls(construct)

        def acknowledge(self, finding: Any) -> None:
            assert len(finding.reason) > 20
            explained.add((self.path.removesuffix("/Resource"), finding.id))

    monkeypatch.setattr(reasons, "Validations", Unheard)
    assert nag(stage, tmp_path) == explained


def nag(stage: str, folder: Path) -> set[tuple[str, str]]:
    """Return what the AwsSolutions rules find: the construct's path, and the rule."""
    app = App(
        outdir=str(folder),
        builtin_cloud_formation_validation=False,
        tree_metadata=False,
        post_cli_context={"aws:cdk:disable-asset-staging": True},
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with reasons.judged():
        cdk_app.build(app, Stage.of(stage))
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - the report says what it found
    report = json.loads((folder / "validation-report.json").read_text())
    return {
        (construct["constructPath"].removesuffix("/Resource"), violation["ruleName"])
        for plugin in report["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }
