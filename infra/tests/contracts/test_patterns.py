"""`starling contracts match` and `starling contracts satisfiable`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.examples import examples
from contracts.golden import ROOT
from infra.cli import app

VECTORS = ROOT.parent / "shared" / "vectors" / "eventbridge-patterns.json"
EVENT = next(examples("OrderPlaced.v1")).event


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["contracts", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(name: str, content: Any) -> Path:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def event(file: Any) -> Path:
    written: Path = file("event.json", EVENT)
    return written


def test_a_match_ends_with_0(file: Any, event: Path) -> None:
    done = run("match", file("pattern.json", {"source": ["starling.orders"]}), event)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "match\n", "")


def test_no_match_ends_with_1_and_the_smallest_parts_that_fail(file: Any, event: Path) -> None:
    pattern = {"source": ["starling.orders"], "detail": {"metadata": {"tenant_id": ["globex"]}}}
    done = run("match", file("pattern.json", pattern), event)
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == 'no_match\n$.detail.metadata.tenant_id: "acme" is none of ["globex"]\n'


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ({"source": "starling.orders"}, '"source" must be an object or an array'),
        ({"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}, "Rule is too complex"),
        ({"a": ["x" * 3000]}, "Event pattern is too long"),
        ([], "is not a JSON object"),
        ('{"source": [', "is not JSON"),
    ],
)
def test_an_invalid_pattern_ends_with_2_and_names_its_file(
    file: Any, event: Path, pattern: Any, problem: str
) -> None:
    written = file("pattern.json", pattern)
    for command in (
        ["match", written, event],
        ["satisfiable", written, "--event", "OrderPlaced.v1"],
    ):
        done = run(*command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert f"{written}: {problem}" in done.stderr


def test_an_event_that_is_none_ends_with_2_and_names_its_file(file: Any, tmp_path: Path) -> None:
    pattern = file("pattern.json", {"source": ["a"]})
    for broken in (
        file("event.json", "[1]"),
        file("deep.json", "[" * 9999),
        tmp_path / "none.json",
    ):
        done = run("match", pattern, broken)
        assert (done.exit_code, done.stdout) == (2, "")
        assert str(broken) in done.stderr


def test_a_number_beyond_all_bounds_in_an_event_is_no_traceback(file: Any) -> None:
    event = file("event.json", '{"a": 1e400}')
    done = run("match", file("pattern.json", {"a": [1]}), event)
    assert done.exit_code == 2
    assert str(event) in done.stderr


@pytest.mark.parametrize("arguments", [[], ["pattern.json"], ["a", "b", "--cases", "c"]])
def test_a_wrong_choice_of_files_ends_with_2(arguments: list[str]) -> None:
    done = run("match", *arguments)
    assert done.exit_code == 2
    assert "give a pattern and an event, or --cases" in done.stderr


def test_cases_are_judged_in_order_a_word_a_line(file: Any) -> None:
    written = file(
        "cases.json",
        [
            {"pattern": {"a": [1]}, "event": {"a": 1}},
            {"pattern": '{"a": [2]}', "event": '{"a": 1}'},
            {"pattern": {"a": 1}, "event": {"a": 1}},
        ],
    )
    done = run("match", "--cases", written)
    assert (done.exit_code, done.stdout) == (0, "match\nno_match\ninvalid\n")


def test_a_file_that_is_no_list_of_cases_ends_with_2(file: Any) -> None:
    written = file("cases.json", [{"pattern": {}}])
    done = run("match", "--cases", written)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{written}: $[0]: is not an object with a pattern and an event" in done.stderr


@pytest.mark.skipif(
    not VECTORS.exists(), reason="the public pattern cases do not lie beside this repository"
)
def test_every_public_case_comes_out_as_labelled() -> None:
    labels = [case["expected"] for case in json.loads(VECTORS.read_text(encoding="utf-8"))]
    assert len(labels) > 200
    assert run("match", "--cases", VECTORS).stdout.split() == labels


def test_a_satisfiable_pattern_ends_with_0_and_an_event_that_matches_it(file: Any) -> None:
    pattern = file("pattern.json", {"detail": {"data": {"type": ["STANDARD"]}}})
    done = run("satisfiable", pattern, "--event", "OrderPlaced.v1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert run("match", pattern, file("found.json", done.stdout)).exit_code == 0


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        ({"tenent_id": ["a"]}, 1, "$.detail.metadata.tenent_id: no such field is declared"),
        ({"tenant_id": ["A"]}, 1, '$.detail.metadata.tenant_id: "A" does not match'),
        ({"occurred_at": [{"suffix": ":61Z"}]}, 3, "$.detail.metadata.occurred_at: "),
    ],
)
def test_what_no_event_can_match_ends_with_1_and_what_is_not_known_with_3(
    file: Any, wanted: Any, code: int, said: str
) -> None:
    pattern = file("pattern.json", {"detail": {"metadata": wanted}})
    done = run("satisfiable", pattern, "--event", "OrderPlaced.v1")
    assert (done.exit_code, done.stderr) == (code, "")
    assert done.stdout.startswith(said)


def test_not_all_of_very_many_reasons_are_printed(file: Any) -> None:
    pattern = file("pattern.json", {"$or": [{f"f{number}": [1]} for number in range(60)]})
    done = run("satisfiable", pattern, "--event", "OrderPlaced.v1")
    assert done.exit_code == 1
    assert done.stdout.endswith("… and 10 more\n")


def test_an_unknown_event_ends_with_2_and_the_known_ones(file: Any) -> None:
    done = run("satisfiable", file("pattern.json", {"a": [1]}), "--event", "OrderLost.v1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "OrderLost.v1 has no golden schema; there are: DailyReportReady.v1" in done.stderr


@pytest.mark.parametrize("command", ["match", "satisfiable"])
def test_a_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "event pattern" in done.stdout
