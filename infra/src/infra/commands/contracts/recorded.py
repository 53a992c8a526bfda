"""`starling contracts recorded`: which events and fields the tests have seen published."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.progress import console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.recording import Heard

_GAPS, _BAD_INPUT = 1, 2


def recorded(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what is declared and no test has seen published.

    The tests write down every event that a service publishes, on its own and on
    a stage. An event that is never published, or a field that never has a value,
    is an intention that nothing proves; contracts/unrecorded.toml says of which
    that is right, and why.

    Ends with 1 if anything else is missing, with 2 if no test has run.
    """
    from contracts import recording  # noqa: PLC0415 - imports every event

    heard = recording.recorded(recording.RECORDED)
    if not heard:
        console.print("[red]✗[/red] nothing is recorded: run `make test`", soft_wrap=True)
        raise typer.Exit(_BAD_INPUT)
    try:
        found = recording.gaps(heard, recording.excuses(recording.EXCUSED))
    except (OSError, ValueError) as error:
        console.print(f"[red]✗[/red] {recording.EXCUSED}: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(_BAD_INPUT) from None
    if as_json:
        events = {path: one.events for path, one in heard.items()}
        typer.echo(json.dumps({"events": events, "gaps": [gap._asdict() for gap in found]}))
    else:
        _print(heard)
    for gap in found:
        console.print(f"[red]✗[/red] {escape(gap.what)} {escape(gap.problem)}", soft_wrap=True)
    if found:
        raise typer.Exit(_GAPS)


def _print(heard: "Mapping[str, Heard]") -> None:
    table = Table("event", "seen", "fields with a value")
    for path, one in sorted(heard.items()):
        table.add_row(path.removesuffix(".json"), f"{one.events:,}", str(len(one.fields)))
    Console(highlight=False).print(table)
