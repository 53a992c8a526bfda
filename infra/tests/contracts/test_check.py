"""`starling contracts check`, on a repository of its own that is a copy of this one's contracts."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.gate.findings import Report
from infra.cli import app
from infra.commands.contracts import check
from infra.paths import ROOT

HALF = "services/orders/consumes/UserErased.v1.on_user_erased.json"
EXAMPLE = "contracts/examples/users/UserErased/1.0.json"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    parts = ["contracts/schemas", "contracts/examples"]
    parts += [str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/src")]
    parts += [str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/consumes")]
    for part in parts:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    shutil.copy(ROOT / "contracts/deprecations.toml", tmp_path / "contracts")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "-m", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["contracts", "check", *arguments])


def change(file: Path, *path: str, to: Any) -> None:
    document = json.loads(file.read_text())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    file.write_text(json.dumps(document))


def test_all_is_well(copy: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert "UserDeactivated.v1" in result.stdout
    assert re.match(r"2 warnings, [0-9]+ notes; compared with ", result.stderr)


def test_a_break_is_a_row_of_the_table_with_all_that_one_must_know(copy: Path) -> None:
    change(copy / EXAMPLE, "detail", "data", "user_id", to=7)
    result = run("--against", "HEAD")
    assert result.exit_code == 1
    words = " ".join(result.stdout.replace("│", " ").split())
    for said in ("search-sync", "UserErased 1.0", "$.data.user_id", "7 is not of type", "correct"):
        assert said in words
    assert re.match(r"4 breaks, 2 warnings, [0-9]+ notes; compared with ", result.stderr)
    assert result.stderr.endswith("(HEAD)\n")


def test_json_is_one_object(copy: Path) -> None:
    (copy / HALF).unlink()
    result = run("--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (found,) = [f for f in document["findings"] if f["level"] == "break"]
    assert document["broken"] is True
    assert (found["check"], found["who"], found["file"]) == ("drift", "orders", HALF)


def test_github_gets_annotations(copy: Path) -> None:
    (copy / EXAMPLE).unlink()
    result = run("--format", "github")
    assert result.exit_code == 1
    first, *others = result.stdout.splitlines()
    assert first.startswith(f"::error file={EXAMPLE},line=1,title=users%3A UserErased 1.0::")
    assert {line.partition(" file=")[0] for line in others} == {"::warning", "::notice"}


def test_nothing_found_prints_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.gate.check.check", lambda *_: Report("the last commit", []))
    for arguments in ([], ["--format", "github"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr.startswith("nothing found")


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (EXAMPLE, "{", f"{EXAMPLE}: is not JSON"),
        (HALF, "[]", f"{HALF}: is not a JSON object"),
        ("contracts/deprecations.toml", "x", "contracts/deprecations.toml: "),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_2(
    copy: Path, file: str, text: str, problem: str
) -> None:
    (copy / file).write_text(text)
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--against", "no-such"], ["--format", "xml"], ["--nonsense"]]
)
def test_wrong_usage_ends_with_2(copy: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_it_explains_itself() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "GIT_REF" in result.stdout
