"""`starling contracts compat`: whether what one schema describes can be read with another."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from infra.progress import console

if TYPE_CHECKING:
    from contracts.compat import Verdict

_INCOMPATIBLE, _USAGE, _UNKNOWN = 1, 2, 3


class Mode(StrEnum):
    """As schema registries call them."""

    BACKWARD = "backward"
    FORWARD = "forward"
    FULL = "full"
    BACKWARD_TRANSITIVE = "backward-transitive"
    FORWARD_TRANSITIVE = "forward-transitive"
    FULL_TRANSITIVE = "full-transitive"


def compat(
    schemas: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="OLD.json... NEW.json", help="Schemas, the oldest first and the new one last."
        ),
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(
            help="backward: NEW reads what OLD wrote; forward: OLD reads what NEW writes; full: "
            "both; -transitive: every OLD, not only the last."
        ),
    ] = Mode.BACKWARD,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Take schemas at their word: what a writer's schema leaves open may be sent. "
            "Without it, an object whose properties are named gets no others.",
        ),
    ] = False,
    cases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help='Many pairs instead: [{"name", "old", "new"}]; prints {"name", "backward", '
            '"forward"} a line: true, false, or null for unknown.',
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell whether what one JSON Schema describes can be read with another.

    Ends with 0 if it can, proven for every document; with 1 if it cannot,
    and prints a document that shows it; with 3 if neither could be found
    out; with 2 if a file is no JSON Schema.
    """
    if cases is not None:
        if schemas:
            raise typer.BadParameter("give schemas or --cases, not both")
        _batch(cases, strict=strict)
        return
    if not schemas or len(schemas) < 2:  # noqa: PLR2004 - a pair
        raise typer.BadParameter("give at least two schemas: OLD.json NEW.json")
    _compare(schemas, mode, strict=strict, as_json=as_json)


def _compare(files: list[Path], mode: Mode, *, strict: bool, as_json: bool) -> None:
    from contracts.compat import BadSchema, check, parse  # noqa: PLC0415 - brings the validator
    from contracts.compat.documents import Document  # noqa: PLC0415 - with it

    read = []
    for file in files:
        try:
            read.append(parse(_text(file)))
            Document(read[-1])
        except BadSchema as error:
            _refuse(file, str(error))
    verdicts = check(read[:-1], read[-1], mode.value, strict=strict)
    if as_json:
        typer.echo(json.dumps([_as_json(files, *verdict) for verdict in verdicts], indent=2))
    else:
        for verdict in verdicts:
            _print(files, *verdict)
    outcomes = {verdict.outcome for _index, _direction, verdict in verdicts}
    if "incompatible" in outcomes:
        raise typer.Exit(_INCOMPATIBLE)
    if "unknown" in outcomes:
        raise typer.Exit(_UNKNOWN)


def _pair(files: list[Path], index: int, direction: str) -> tuple[Path, Path]:
    """Return the writer's file and the reader's."""
    pair = (files[index], files[-1])
    return pair if direction == "backward" else (pair[1], pair[0])


def _as_json(files: list[Path], index: int, direction: str, verdict: "Verdict") -> dict[str, Any]:
    from contracts.compat import NOTHING  # noqa: PLC0415 - as above

    writer, reader = _pair(files, index, direction)
    shown = {} if verdict.witness is NOTHING else {"witness": verdict.witness}
    return {
        "direction": direction,
        "writer": str(writer),
        "reader": str(reader),
        "outcome": verdict.outcome,
        "differences": [
            {"path": one.path, "keyword": one.keyword, "reason": one.reason}
            for one in verdict.differences
        ],
        **shown,
    }


def _print(files: list[Path], index: int, direction: str, verdict: "Verdict") -> None:
    from contracts.compat import NOTHING  # noqa: PLC0415 - as above

    writer, reader = _pair(files, index, direction)
    out = Console(soft_wrap=True)
    color = {"compatible": "green", "incompatible": "red"}.get(verdict.outcome, "yellow")
    out.print(
        f"[{color}]{verdict.outcome}[/{color}] {direction}: "
        f"{escape(str(reader))} reads what {escape(str(writer))} describes"
    )
    for one in verdict.differences:
        out.print(f"  {escape(one.path)}: {escape(one.reason)} ({one.keyword or 'limit'})")
    if verdict.witness is not NOTHING:
        out.print(f"  for example: {escape(json.dumps(verdict.witness, ensure_ascii=False))}")


def _batch(file: Path, *, strict: bool) -> None:
    from contracts.compat import BadSchema  # noqa: PLC0415 - brings the validator
    from contracts.compat.cases import answers, read  # noqa: PLC0415 - with it

    try:
        listed = read(_text(file))
    except BadSchema as error:
        _refuse(file, str(error))
    for answer, problems in answers(listed, strict=strict):
        typer.echo(json.dumps(answer))
        for problem in problems:
            typer.echo(problem, err=True)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(file, f"cannot be read: {error}")


def _refuse(file: Path, why: str) -> NoReturn:
    console.print(f"[red]✗[/red] {escape(f'{file}: {why}')}", soft_wrap=True)
    raise typer.Exit(_USAGE)
