from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra import deploying, tools
from infra.discovery import UnknownService
from infra.errors import StarlingError
from infra.stages import Stage
from runtime.serving import Asked, Reply, serving


@pytest.fixture(scope="module", autouse=True)
def cdk() -> None:
    tools.ensure("node")


def refuse(_: Asked) -> Reply:
    """Answer as AWS does to whom it does not know."""
    problem = {"__type": "AccessDeniedException", "message": "No entry"}
    return Reply(problem, 403, {"Content-Type": "application/x-amz-json-1.1"})


@pytest.fixture
def closed_account() -> Iterator[Stage]:
    """A stage whose AWS lets nobody in."""
    with serving(refuse) as url:
        yield replace(Stage.of("test"), emulator_port=urlsplit(url).port)


def test_all_means_the_platform_and_every_service() -> None:
    assert deploying.chosen("all") == ["platform", "media", "orders", "search-sync", "users"]


def test_a_service_means_itself() -> None:
    assert deploying.chosen("orders") == ["orders"]
    assert deploying.chosen("platform") == ["platform"]


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownService, match=r"'order'.*all, platform, media, orders"):
        deploying.chosen("order")


def test_a_deployment_that_fails_names_the_cause(tmp_path: Path, closed_account: Stage) -> None:
    assembly = deploying.synthesise(closed_account, ["media"], tmp_path / "out")
    with pytest.raises(StarlingError, match=r"Deploying failed:(.|\n)*No entry"):
        deploying.deploy(closed_account, assembly)


def test_a_missing_assembly_is_named(tmp_path: Path, closed_account: Stage) -> None:
    with pytest.raises(StarlingError, match="missing"):
        deploying.deploy(closed_account, tmp_path / "missing")


def test_a_local_assembly_knows_the_ports_that_the_stage_runs_on(tmp_path: Path) -> None:
    moved = replace(Stage.of("test"), emulator_port=5001, search_port=9255)
    output = deploying.synthesise(moved, ["platform", "search-sync"], tmp_path / "out")
    text = "".join(path.read_text() for path in output.glob("*.template.json"))
    assert "http://127.0.0.1:5001/" in text
    assert "http://127.0.0.1:9255" in text
