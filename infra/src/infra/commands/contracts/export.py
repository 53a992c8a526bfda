"""`starling contracts export`: the event contracts in everyone else's formats."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from contracts.exports import Format
from infra.paths import ROOT
from infra.progress import console

_DIFFERENT, _BAD_INPUT = 1, 2


def export(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help="What to write.")],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where to: a new or an empty folder, or that of an earlier export of the same "
            "format, whose files are brought up to date.",
        ),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if DIR is not up to date.")
    ] = False,
) -> None:
    """Write the event contracts in another tool's format.

    asyncapi: an AsyncAPI 3.0 document per service. eventcatalog: the folders
    of an EventCatalog. eventbridge-schemas: JSONSchemaDraft4 for EventBridge's
    schema registry. cloudevents: a CloudEvent of every version. pact: a Pact V4
    file per consumer and provider. docs: a reference in Markdown.

    Every version is there. Files of an earlier export that nothing makes any
    more are removed, and no others. What the format cannot say is listed.

    Ends with 2 if DIR holds files that no export made, or a contract cannot be
    read.
    """
    from contracts.exports import export as exported  # noqa: PLC0415 - brings pydantic
    from contracts.exports.book import read  # noqa: PLC0415 - brings the validator
    from contracts.exports.folder import BadFolder, lay  # noqa: PLC0415 - with it
    from contracts.gate.findings import BadContract  # noqa: PLC0415 - with it

    try:
        made = exported(form, read(ROOT))
        changes = lay(out, form.value, made.files, check=check)
    except (BadContract, BadFolder) as error:
        _refuse(str(error))
    for loss in made.losses:
        typer.echo(f"cannot be said: {loss}", err=True)
    for name in changes.written:
        typer.echo(f"{'differs' if check else 'written'} {out / name}")
    for name in changes.removed:
        typer.echo(f"{'stale' if check else 'removed'} {out / name}")
    words = ("differ", "stale") if check else ("written", "removed")
    console.print(
        escape(
            f"{form.value} in {out}: {len(changes.written)} {words[0]}, "
            f"{len(changes.removed)} {words[1]}, {len(made.losses)} losses"
        ),
        soft_wrap=True,
    )
    if check and (changes.written or changes.removed):
        raise typer.Exit(_DIFFERENT)


def _refuse(why: str) -> NoReturn:
    console.print(f"[red]✗[/red] {escape(why)}", soft_wrap=True)
    raise typer.Exit(_BAD_INPUT)
