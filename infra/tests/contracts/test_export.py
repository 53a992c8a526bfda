"""`starling contracts export`: exit codes, what is printed, and what lies in the folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contracts.exports import Format
from infra.cli import app
from infra.commands.contracts import export
from infra.paths import ROOT


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["contracts", "export", *map(str, arguments)])


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("form", Format)
def test_a_format_is_written_and_a_second_time_it_is_up_to_date(tmp_path: Path, form: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(form, "--out", first, "--check").exit_code == 1
    assert not first.exists()
    done = run(form, "--out", first)
    assert done.exit_code == 0, done.output
    assert run(form, "--out", second).exit_code == 0
    written = contents(first)
    assert len(written) > 1
    assert written == contents(second)
    assert f"written {first / min(written)}" in done.stdout
    again = run(form, "--out", first, "--check")
    assert (again.exit_code, again.stdout) == (0, "")


def test_what_the_format_cannot_say_is_told(tmp_path: Path) -> None:
    done = run("eventbridge-schemas", "--out", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "losses.json").read_text())
    for name, losses in report.items():
        for loss in losses:
            assert f"cannot be said: {name}: {loss}" in done.stderr
    assert any(report.values())


def test_a_stale_file_is_removed_and_told(tmp_path: Path) -> None:
    run("pact", "--out", tmp_path)
    manifest = tmp_path / ".export.json"
    said = json.loads(manifest.read_text())
    said["files"].append("old.json")
    manifest.write_text(json.dumps(said))
    (tmp_path / "old.json").touch()
    (tmp_path / "mine.json").touch()
    checked = run("pact", "--out", tmp_path, "--check")
    assert (checked.exit_code, f"stale {tmp_path / 'old.json'}" in checked.stdout) == (1, True)
    done = run("pact", "--out", tmp_path)
    assert (done.exit_code, f"removed {tmp_path / 'old.json'}" in done.stdout) == (0, True)
    assert not (tmp_path / "old.json").exists()
    assert (tmp_path / "mine.json").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    done = run("docs", "--out", tmp_path)
    assert done.exit_code == 2
    assert f"{tmp_path}: holds files that no export made" in done.stderr
    assert contents(tmp_path) == {"mine.txt": b""}


def test_a_contract_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "contracts" / "schemas" / "shop" / "Sold"
    place.mkdir(parents=True)
    (place / "1.0.json").write_text("{")
    monkeypatch.setattr(export, "ROOT", tmp_path)
    done = run("docs", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "contracts/schemas/shop/Sold/1.0.json" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [("docs",), ("avro", "--out", "x"), ("--out", "x")])
def test_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_repository_has_no_export_but_its_references() -> None:
    manifests = {file.parent for file in (ROOT / "docs").rglob(".export.json")}
    assert manifests == {ROOT / "docs" / "events", ROOT / "docs" / "api"}
