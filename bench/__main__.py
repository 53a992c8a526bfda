"""Measures, prints a table, writes ``build/bench.json``; exit code 1 if a budget is broken."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.measures import Measure, Result, measures
from infra.paths import BUILD
from infra.progress import Steps

ROUNDS = 15
WIDTH = 120

_UNITS = ("MB", "ms")

Measured = tuple[Measure, Result]
Only = Annotated[
    list[str] | None,
    typer.Option(help="Only measures whose name begins so, such as 'start' or 'megabytes.users'."),
]
Rounds = Annotated[
    int, typer.Option(min=2, help="Pairs of fresh processes; the claims are made with 15 or more.")
]
Output = Annotated[Path, typer.Option(help="Where to write the results.")]


def bench(
    only: Only = None, rounds: Rounds = ROUNDS, output: Output = BUILD / "bench.json"
) -> None:
    """Measure what is claimed of speed and size, each claim against its baseline in this run."""
    chosen = choose(list(measures(rounds)), only or [])
    results: list[Measured] = []
    with Steps() as steps:
        for measure in chosen:
            with steps.step(measure.name) as step:
                results.append((measure, measure.take(_Counter(step.note, measure.rounds))))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document(results), indent=2) + "\n", encoding="utf-8")
    console = Console()
    # Not cut to a terminal's width where there is none.
    console.print(table(results), width=None if console.is_terminal else WIDTH)
    over = [measure.name for measure, result in results if result.value > measure.budget]
    if over:
        Console(stderr=True).print(f"[red]Over budget: {', '.join(over)}[/red]")
        raise typer.Exit(1)


def choose(known: Sequence[Measure], only: Sequence[str]) -> list[Measure]:
    """Return the measures whose names begin with one of `only`; all if it is empty.

    Raises
    ------
    typer.BadParameter
        One of them is the beginning of no name.
    """
    for beginning in only:
        if not any(measure.name.startswith(beginning) for measure in known):
            names = ", ".join(measure.name for measure in known)
            raise typer.BadParameter(f"no measure {beginning!r}: there are {names}")
    return [m for m in known if not only or m.name.startswith(tuple(only))]


def document(results: Sequence[Measured]) -> dict[str, Any]:
    """Return the results as they are written down."""
    return {
        "python": platform.python_version(),
        "machine": f"{sys.platform}-{platform.machine()}",
        "ratios": {m.name: round(r.value, 3) for m, r in results},
        "measures": [
            {
                "name": measure.name,
                "value": result.value,
                "unit": measure.unit,
                "budget": measure.budget,
                "ok": result.value <= measure.budget,
                "timing": asdict(result.timing) if result.timing else None,
            }
            for measure, result in results
        ],
    }


def table(results: Sequence[Measured]) -> Table:
    """Return the results for people."""
    title = "Against the baseline of the same run; CPU time (searches: elapsed), medians"
    made = Table(title=title)
    # A name is never cut: what does not fit beside it goes first.
    made.add_column("measure", overflow="fold", min_width=max(len(m.name) for m, _ in results))
    for heading in ("value", "quartiles", "budget", "baseline", "candidate", "pairs"):
        made.add_column(heading, justify="right")
    for measure, result in results:
        color = "red" if result.value > measure.budget else "green"
        cells = ["", "", "", ""]
        if result.timing is not None:
            timing = result.timing
            low, high = timing.spread
            cells = [
                f"{low:.3f}-{high:.3f}",
                f"{timing.baseline_seconds * 1000:.0f} ms",
                f"{timing.candidate_seconds * 1000:.0f} ms",
                str(timing.rounds),
            ]
        unit = f" {measure.unit}" if measure.unit in _UNITS else ""
        value = f"[{color}]{result.value:.3f}{unit}[/{color}]"
        made.add_row(measure.name, value, cells[0], f"{measure.budget:g}{unit}", *cells[1:])
    return made


class _Counter:
    """Tells how many pairs are done."""

    def __init__(self, note: Any, rounds: int) -> None:
        self._note, self._rounds, self._done = note, rounds, 0

    def __call__(self) -> None:
        self._done += 1
        self._note(f"{self._done}/{self._rounds}")


if __name__ == "__main__":
    typer.run(bench)
