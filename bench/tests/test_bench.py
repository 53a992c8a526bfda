"""The measures measure, and a broken budget is told."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from PIL import Image, ImageFilter
from typer.testing import CliRunner

import bench.__main__ as command
from bench.installations import compiled, requirements_of
from bench.measures import Measure, Result, budgets, measures
from bench.similarity import ssim
from bench.thumbnails import peak_bytes, photograph
from bench.timing import Command, CommandFailed, Timing, compare

BUSY = "import time\nwhile time.process_time() < {seconds}: pass"
ENVIRONMENT = {"PATH": os.defpath}


def python(program: str) -> Command:
    return Command([sys.executable, "-S", "-c", program], ENVIRONMENT)


def test_it_is_cpu_time_that_is_measured_not_waiting() -> None:
    assert 0.3 <= python(BUSY.format(seconds=0.3)).cpu_seconds() < 3
    assert python("import time; time.sleep(0.5)").cpu_seconds() < 0.4


def test_the_time_of_what_a_process_waited_for_counts() -> None:
    inner = BUSY.format(seconds=0.3)
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {inner!r}])"
    assert python(program).cpu_seconds() >= 0.3


@pytest.mark.parametrize(
    ("program", "said"),
    [("raise SystemExit('no client')", "ended with 1: no client"), ("import os; os.abort()", "-6")],
)
def test_a_process_that_fails_has_no_time(program: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=said):
        python(program).cpu_seconds()


def test_a_process_has_the_environment_that_it_is_given_and_no_more() -> None:
    given = Command(
        [sys.executable, "-c", "import os; assert set(os.environ) <= {'A', 'LC_CTYPE'}"], {"A": "b"}
    )
    given.cpu_seconds()


def test_baseline_and_candidate_run_in_turns(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def named(name: str) -> Command:
        return python(f"open({str(log)!r}, 'a').write({name!r})")

    ticks: list[float] = []
    compare(named("b"), named("c"), 4, lambda: ticks.append(time.monotonic()))
    assert log.read_text() == "bc" + "bc" + "cb" + "bc" + "cb"
    assert len(ticks) == 4


def test_the_ratio_is_candidate_over_baseline() -> None:
    timing = compare(python(BUSY.format(seconds=0.1)), python(BUSY.format(seconds=0.3)), 3)
    assert 1.5 < timing.ratio < 4
    assert timing.spread[0] <= timing.ratio <= timing.spread[1]
    assert timing.candidate_seconds > timing.baseline_seconds >= 0.1
    assert timing.rounds == 3


def test_every_claim_is_measured_with_the_budget_that_is_written_down() -> None:
    named = {measure.name: measure for measure in measures(15)}
    held = budgets()
    for service in ("users", "orders"):
        assert named[f"start.publisher-of-{service}"].budget == held["start"]["publisher"] <= 0.8
    asking = {f"start.{name}": budget for name, budget in held["start-searching"].items()}
    asked = ("query-search", "search", "suggest")
    assert asking == {f"start.search-sync.{name}": 1.25 for name in asked}
    assert {name: named[name].budget for name in asking} == asking
    functions = {name for name in named if name.count(".") == 2} - asking.keys()
    more = {f"start.{name}": budget for name, budget in held["start-of"].items()}
    assert more.keys() <= functions
    assert {name: named[name].budget for name in more} == more
    reactions = {name for name in functions if ".on-" in name}
    assert len(reactions) >= 9
    assert {"start.orders.place-order", "start.users.create-user"} <= functions - more.keys()
    assert {named[name].budget for name in reactions - more.keys()} == {held["start"]["reaction"]}
    endpoints = functions - reactions
    assert {named[name].budget for name in endpoints - more.keys()} == {held["start"]["endpoint"]}
    assert (held["start"]["endpoint"], held["start"]["reaction"]) == (1.15, 1.1)
    assert named["bundle.shipped-over-compiled"].budget <= 1.05
    assert named["bundle.search-sync-over-untrimmed"].budget <= 0.5
    searches = {name: named[f"search.{name}"].budget for name in held["search"]}
    assert searches == {"engine-p95": 50, "function-adds": 10}
    assert named["synth.function-over-stack"].budget <= 0.015
    sizes = {name: named[f"megabytes.{name}"].budget for name in held["megabytes"]}
    assert sizes == {"users": 6.0, "orders": 6.0, "search-sync": 6.2, "media": 16.0}
    thumbnails = {name: named[f"thumbnails.{name}"].budget for name in held["thumbnails"]}
    assert thumbnails == {"cpu": 0.7, "peak-memory": 0.6, "unlikeness": 0.03}
    assert all(measure.rounds == 15 for name, measure in named.items() if name.startswith("start"))


def fake(name: str, value: float, budget: float = 1.0, unit: str = "ratio") -> Measure:
    timing = Timing(value, (value, value), 0.1, 0.1 * value, 15) if unit == "ratio" else None

    def take(tick: Callable[[], None]) -> Result:
        tick()
        return Result(value, timing)

    return Measure(name, budget, unit, 1, take)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    known = [fake("start.a", 0.9), fake("start.b", 1.0), fake("megabytes.a", 5.5, 6.0, "MB")]
    monkeypatch.setattr(command, "measures", lambda rounds: known)
    made = typer.Typer()
    made.command()(command.bench)
    return made


def test_the_results_are_written_down_and_shown(app: typer.Typer, tmp_path: Path) -> None:
    output = tmp_path / "build" / "bench.json"
    done = CliRunner().invoke(app, ["--output", str(output)])
    assert done.exit_code == 0, done.output
    assert "start.a" in done.output
    document = json.loads(output.read_text())
    assert document["ratios"] == {"start.a": 0.9, "start.b": 1.0, "megabytes.a": 5.5}
    assert [measure["ok"] for measure in document["measures"]] == [True] * 3
    assert document["measures"][0]["timing"]["rounds"] == 15


def test_a_broken_budget_is_named_and_fails(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    over = [fake("start.a", 0.9), fake("start.b", 1.01), fake("megabytes.c", 6.1, 6.0, "MB")]
    monkeypatch.setattr(command, "measures", lambda rounds: over)
    output = tmp_path / "bench.json"
    done = CliRunner().invoke(app, ["--output", str(output)])
    assert done.exit_code == 1
    assert "Over budget: start.b, megabytes.c" in done.output
    assert [m["ok"] for m in json.loads(output.read_text())["measures"]] == [True, False, False]


def test_only_some_can_be_measured(app: typer.Typer, tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    CliRunner().invoke(app, ["--only", "start.b", "--only", "mega", "--output", str(output)])
    assert list(json.loads(output.read_text())["ratios"]) == ["start.b", "megabytes.a"]


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--rounds", "1"], ["--rounds", "x"]])
def test_wrong_usage_is_told(app: typer.Typer, arguments: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "bench.json")])
    assert done.exit_code == 2
    assert not (tmp_path / "bench.json").exists()


LOCK = """\
boto3==1.0 \\
    --hash=sha256:aa
    # via starling
botocore==1.1 ; python_version < '4' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
six==2 \\
    --hash=sha256:dd
"""


def test_a_part_of_a_lock_keeps_its_hashes() -> None:
    part = requirements_of(LOCK, ("botocore", "six"))
    assert part == LOCK.partition("    # via starling\n")[2]
    with pytest.raises(LookupError, match="the lock has no boto2, boto4"):
        requirements_of(LOCK, ("boto2", "six", "boto4"))


def test_a_compiled_copy_has_bytecode_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.installations.FOLDER", tmp_path)
    folder = tmp_path / "bundles" / "code-1"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.py").write_text("A = 1\n")
    stale = folder / "__pycache__" / f"a.{sys.implementation.cache_tag}.pyc"
    stale.write_bytes(b"shipped")
    (copy,) = compiled([folder])
    assert (copy / "a.py").read_text() == "A = 1\n"
    assert (copy / "__pycache__" / stale.name).read_bytes() != b"shipped"
    assert compiled([folder]) == [copy]


def test_a_peak_is_of_the_process_and_of_what_it_gave_back_too() -> None:
    few, many = (peak_bytes(python(f"x = b'x' * ({n} << 20); del x")) for n in (30, 80))
    assert 48 < (many - few) / 2**20 < 52
    assert 30 < few / 2**20 < 60


def test_a_process_that_fails_has_no_peak() -> None:
    with pytest.raises(CommandFailed, match="no picture"):
        peak_bytes(python("raise SystemExit('no picture')"))


def test_the_photograph_is_the_same_each_time() -> None:
    one, other = photograph((400, 300)), photograph((400, 300))
    assert one.tobytes() == other.tobytes()
    assert len(one.getcolors(400 * 300) or ()) > 10_000


def test_pictures_are_as_alike_as_they_look() -> None:
    picture = photograph((400, 300))
    assert ssim(picture, picture) == pytest.approx(1)
    blurred = [picture.filter(ImageFilter.GaussianBlur(radius)) for radius in (0.5, 1, 2, 4)]
    scores = [ssim(picture, one) for one in blurred]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.9
    assert ssim(picture, Image.new("RGB", picture.size, "gray")) < 0.5


def test_pictures_of_two_values_are_as_alike_as_the_formula_says() -> None:
    one, other = (Image.new("L", (20, 20), grey) for grey in (100, 50))
    constant = (0.01 * 255) ** 2
    expected = (2 * 100 * 50 + constant) / (100**2 + 50**2 + constant)
    assert ssim(one, other) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("sizes", [((20, 20), (20, 21)), ((6, 20), (6, 20))])
def test_what_cannot_be_compared_is_told(sizes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        ssim(*(Image.new("L", size) for size in sizes))
