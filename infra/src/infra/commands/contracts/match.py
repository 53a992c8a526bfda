"""`starling contracts match`: what a rule's pattern takes from the bus, and why not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.progress import console
from infra.tools import ensure

_NO_MATCH, _BAD_INPUT = 1, 2


def match(
    pattern: Annotated[
        Path | None, typer.Argument(help="A file with an event pattern.", show_default=False)
    ] = None,
    event: Annotated[
        Path | None,
        typer.Argument(help="A file with an event, as the bus delivers it.", show_default=False),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Judge many instead: a JSON list of {"pattern": …, "event": …}. Prints match, '
            "no_match or invalid for each, a line each, in order.",
        ),
    ] = None,
) -> None:
    """Tell whether an event pattern matches an event, by EventBridge's own engine.

    Ends with 0 if it does; with 1 if not, with the smallest parts of the pattern that fail and what
    they met; with 2 if the service would refuse the pattern, or a file cannot be read.
    """
    from contracts.patterns.documents import BadDocument  # noqa: PLC0415 - this command's alone

    try:
        if cases is not None and pattern is None:
            _judge(cases)
        elif cases is None and pattern is not None and event is not None:
            _match(pattern, event)
        else:
            raise typer.BadParameter("give a pattern and an event, or --cases and neither")
    except BadDocument as error:
        _refuse(str(error))


def _match(pattern: Path, event: Path) -> None:
    from contracts.patterns.documents import read_object  # noqa: PLC0415 - as above
    from contracts.patterns.ruler import InvalidEvent, InvalidPattern, Ruler  # noqa: PLC0415 - Java
    from contracts.patterns.whynot import why_not  # noqa: PLC0415 - with it

    asked, given = read_object(pattern), read_object(event)
    ensure("ruler")
    try:
        reasons = why_not(asked, given, Ruler())
    except InvalidPattern as error:
        _refuse(f"{pattern}: {error}")
    except InvalidEvent as error:
        _refuse(f"{event}: {error}")
    else:
        typer.echo("no_match" if reasons else "match")
        for reason in reasons:
            typer.echo(str(reason))
        if reasons:
            raise typer.Exit(_NO_MATCH)


def _judge(file: Path) -> None:
    from contracts.patterns.cases import cases, judge  # noqa: PLC0415 - as above
    from contracts.patterns.documents import BadDocument, read  # noqa: PLC0415 - as above
    from contracts.patterns.ruler import Ruler  # noqa: PLC0415 - as above

    document = read(file)
    try:
        every = list(cases(document))
    except BadDocument as error:
        raise BadDocument(f"{file}: {error}") from None
    ensure("ruler")
    ruler = Ruler()
    for case in every:
        typer.echo(judge(case, ruler))


def _refuse(problem: str) -> None:
    console.print(f"[red]✗[/red] {escape(problem)}", soft_wrap=True)
    raise typer.Exit(_BAD_INPUT)
