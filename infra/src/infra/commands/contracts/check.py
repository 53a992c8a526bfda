"""`starling contracts check`: whom a change of the contracts breaks."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.paths import ROOT
from infra.progress import console

if TYPE_CHECKING:
    from contracts.gate.findings import Finding, Report

_BROKEN, _BAD_INPUT = 1, 2
_LOG_WIDTH = 140  # of a table where there is no terminal
_SIGNS = {"break": "[red]✗[/red]", "warning": "[yellow]![/yellow]", "note": "·"}


class Format(StrEnum):
    """How the findings are printed."""

    TABLE = "table"
    GITHUB = "github"


def check(
    against: Annotated[
        str | None,
        typer.Option(
            metavar="GIT_REF",
            help="Compare with this revision; by default where this branch left main, and on main "
            "the commit before.",
        ),
    ] = None,
    output: Annotated[
        Format,
        typer.Option("--format", help="A table for people, or annotations of a pull request."),
    ] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell whom a change of the event contracts breaks, before anything is deployed.

    Compares the events and reactions in the working tree with what is released:
    the golden schemas of a revision, and what each service reads of them
    (services/*/consumes). Says who is broken, by which event, why, with a
    document that shows it, and what to do.

    Ends with 1 if anything is broken, with 2 if a file cannot be read.
    """
    from contracts.gate.check import check as gate  # noqa: PLC0415 - imports every service
    from contracts.gate.findings import BadContract  # noqa: PLC0415 - with it
    from contracts.gate.git import NoSuchRevision  # noqa: PLC0415 - with it

    try:
        report = gate(ROOT, against, datetime.now(UTC).date())
    except (BadContract, NoSuchRevision) as error:
        console.print(f"[red]✗[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(_BAD_INPUT) from None
    if as_json:
        typer.echo(report.as_json())
    elif output is Format.GITHUB:
        if report.findings:
            typer.echo(report.as_github())
    else:
        _print(report)
    console.print(escape(report.summary()), soft_wrap=True)
    if report.broken:
        raise typer.Exit(_BROKEN)


def _print(report: "Report") -> None:
    if not report.findings:
        return
    table = Table(show_lines=True)
    for header in ("", "who", "what", "why", "what to do"):
        table.add_column(header, overflow="fold")
    for finding in report.findings:
        table.add_row(_SIGNS[finding.level], *(escape(cell) for cell in _cells(finding)))
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = _LOG_WIDTH
    out.print(table)


def _cells(finding: "Finding") -> list[str]:
    what, why = finding.what, finding.why
    if finding.path:
        what += f"\n{finding.path}"
    if finding.witness is not None:
        why += f"\nfor example: {json.dumps(finding.witness, ensure_ascii=False)}"
    return [finding.who, what, why, f"{finding.advice}\n{finding.file}:{finding.line}"]
