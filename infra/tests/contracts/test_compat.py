import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import app

OLD = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
NEW = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
RENAMED = {"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]}
UNDECIDED = {"pattern": r"^a(?:\b|\B)"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    for name, schema in (("old", OLD), ("new", NEW), ("renamed", RENAMED), ("hard", UNDECIDED)):
        Path(f"{name}.json").write_text(json.dumps(schema))
    Path("bad.json").write_text('{"type": "text"}')
    Path("easy.json").write_text('{"pattern": "^a"}')

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["contracts", "compat", *arguments])

    return invoke


def test_what_can_be_read_ends_with_0(run: Any) -> None:
    done = run("old.json", "new.json")
    assert done.exit_code == 0
    assert done.stdout == "compatible backward: new.json reads what old.json describes\n"


def test_what_cannot_ends_with_1_and_an_example(run: Any) -> None:
    done = run("old.json", "renamed.json")
    assert done.exit_code == 1
    assert "$.c: may be missing (required)" in done.stdout
    assert 'for example: {"a": ' in done.stdout


def test_what_is_not_found_out_ends_with_3(run: Any) -> None:
    done = run("easy.json", "hard.json", "--strict")
    assert done.exit_code == 3
    assert done.stdout.startswith("unknown backward")


def test_modes_and_json(run: Any) -> None:
    done = run("renamed.json", "old.json", "new.json", "--mode", "full-transitive", "--json")
    assert done.exit_code == 1
    verdicts = json.loads(done.stdout)
    assert [(v["direction"], v["writer"], v["reader"], v["outcome"]) for v in verdicts] == [
        ("backward", "renamed.json", "new.json", "compatible"),
        ("forward", "new.json", "renamed.json", "incompatible"),
        ("backward", "old.json", "new.json", "compatible"),
        ("forward", "new.json", "old.json", "incompatible"),
    ]
    assert "witness" in verdicts[1]
    assert "witness" not in verdicts[0]


def test_taken_at_its_word(run: Any) -> None:
    assert run("old.json", "new.json", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["old.json"], "at least two schemas"),
        ([], "at least two schemas"),
        (["old.json", "missing.json"], "missing.json: cannot be read"),
        (["old.json", "bad.json"], "bad.json: is no schema: #/type"),
        (["bad.json", "old.json"], "bad.json: is no schema: #/type"),
        (["old.json", "new.json", "--mode", "sideways"], "sideways"),
        (["old.json", "--cases", "new.json"], "not both"),
        (["--cases", "new.json"], "new.json: is no JSON array of cases"),
    ],
)
def test_wrong_usage_and_bad_files_end_with_2(run: Any, arguments: list[str], problem: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_many_pairs_at_once(run: Any) -> None:
    cases = [
        {"name": "one", "old": OLD, "new": NEW},
        {"name": "two", "old": OLD, "new": {"type": "text"}},
    ]
    Path("cases.json").write_text(json.dumps(cases))
    done = run("--cases", "cases.json")
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"name": "one", "backward": True, "forward": False},
        {"name": "two", "backward": None, "forward": None},
    ]
    assert '"two": is no schema: #/type' in done.stderr
