"""`starling contracts satisfiable`: whether a rule's pattern can take any event at all."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.progress import console
from infra.tools import ensure

_EXITS = {"yes": 0, "no": 1, "unknown": 3}
_BAD_INPUT = 2
_MAX_REASONS = 50  # that are printed


def satisfiable(
    pattern: Annotated[Path, typer.Argument(help="A file with an event pattern.")],
    event: Annotated[
        str, typer.Option(metavar="NAME", help="The event, with its major: OrderPlaced.v1.")
    ],
) -> None:
    """Tell whether any event that obeys its schema could match an event pattern.

    Ends with 0 if one could, and prints it; with 1 if none can, with the field and the reason (a
    misspelt field, a value that is never sent); with 3 if it can be neither shown nor ruled out;
    with 2 if the service would refuse the pattern, or the event is unknown.
    """
    from contracts.patterns import documents  # noqa: PLC0415 - this command's alone
    from contracts.patterns import satisfiable as question  # noqa: PLC0415 - as above
    from contracts.patterns.ruler import InvalidPattern, Ruler  # noqa: PLC0415 - as above

    try:
        asked, schema = documents.read_object(pattern), question.event_schema(event)
        ensure("ruler")
        answer = question.satisfiable(asked, schema, Ruler())
    except InvalidPattern as error:
        problem = f"{pattern}: {error}"
    except (documents.BadDocument, question.UnknownEvent) as error:
        problem = str(error)
    else:
        if answer.example is not None:
            typer.echo(json.dumps(answer.example, indent=2, ensure_ascii=False))
        for reason in answer.reasons[:_MAX_REASONS]:
            typer.echo(reason)
        if len(answer.reasons) > _MAX_REASONS:
            typer.echo(f"… and {len(answer.reasons) - _MAX_REASONS} more")
        raise typer.Exit(_EXITS[answer.verdict])
    console.print(f"[red]✗[/red] {escape(problem)}", soft_wrap=True)
    raise typer.Exit(_BAD_INPUT)
