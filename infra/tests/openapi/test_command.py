"""`starling openapi`: exit codes, what is printed, and what lies in the folder."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from infra.cli import app
from infra.discovery import UnknownService


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["openapi", *map(str, arguments)])


def test_a_services_document_is_printed() -> None:
    done = run("users")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert printed["info"]["title"] == "users"
    assert printed["servers"][0]["url"] == "/"


def test_the_documents_of_all_services_are_written_and_then_up_to_date(tmp_path: Path) -> None:
    out = tmp_path / "api"
    assert run("--out", out, "--check").exit_code == 1
    assert not out.exists()
    done = run("--out", out)
    assert done.exit_code == 0, done.output
    assert f"written {out / 'users.json'}" in done.stdout
    assert json.loads((out / "users.json").read_text()) == json.loads(run("users").stdout)
    again = run("--out", out, "--check")
    assert (again.exit_code, again.stdout) == (0, "")


def test_a_document_that_differs_is_named(tmp_path: Path) -> None:
    run("--out", tmp_path)
    (tmp_path / "users.json").write_text("{}")
    done = run("--out", tmp_path, "--check")
    assert (done.exit_code, done.stdout) == (1, f"differs {tmp_path / 'users.json'}\n")


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    assert run("--out", tmp_path).exit_code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["notes"]


def test_a_service_or_a_folder_is_wanted_and_not_both(tmp_path: Path) -> None:
    assert run().exit_code == 2
    assert run("users", "--out", tmp_path).exit_code == 2
    assert isinstance(run("pigeons").exception, UnknownService)
