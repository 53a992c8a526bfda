"""`starling contracts recorded`: exit codes, and what is printed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contracts import recording
from contracts.examples import examples
from contracts.recording import Recorder
from infra.cli import app


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the tests' records are: not those of the run that this test is part of."""
    monkeypatch.setattr(recording, "RECORDED", tmp_path / "recorded")
    monkeypatch.setattr(recording, "EXCUSED", tmp_path / "unrecorded.toml")
    (tmp_path / "unrecorded.toml").write_text('"MediaReady.v1 data.missing" = "not in its example"')
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["contracts", "recorded", *arguments])


def publish(*, but: str = "") -> None:
    recorder = Recorder()
    for example in examples():
        if example.detail_type != but:
            recorder.hear(example.event["source"], example.detail_type, example.event["detail"])
    recorder.save(recording.RECORDED)


def test_what_was_heard_is_listed() -> None:
    publish()
    publish()
    done = run()
    assert done.exit_code == 0, done.output
    row = next(line for line in done.stdout.splitlines() if "users/UserErased/1.0" in line)
    assert row.split("│")[2].strip() == "2"


def test_a_gap_fails() -> None:
    publish(but="OrderPlaced.v1")
    done = run("--json")
    assert done.exit_code == 1
    assert "OrderPlaced.v1 is published in no test" in done.stderr
    said = json.loads(done.stdout)
    assert said["gaps"] == [{"what": "OrderPlaced.v1", "problem": "is published in no test"}]
    assert said["events"]["users/UserErased/1.0.json"] == 1


def test_where_no_test_has_run_nothing_is_said_of_gaps() -> None:
    done = run()
    assert (done.exit_code, "run `make test`" in done.stderr) == (2, True)


def test_a_list_of_reasons_that_cannot_be_read_is_named(folder: Path) -> None:
    publish()
    (folder / "unrecorded.toml").write_text("[")
    done = run()
    assert (done.exit_code, str(folder / "unrecorded.toml") in done.stderr) == (2, True)
