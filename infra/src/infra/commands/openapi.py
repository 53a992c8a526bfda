"""`starling openapi`: the OpenAPI documents of the services' APIs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.outputs import describe, running
from infra.progress import console

_DIFFERENT, _BAD_INPUT = 1, 2


def openapi(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Print this service's document.")
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option("--stage", "-s", help="The stage whose address the printed document names."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the documents of all services there instead."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if DIR is not up to date.")
    ] = False,
) -> None:
    """Print a service's OpenAPI 3.1 document, or write those of all.

    They are made from what the endpoints declare. Files of an earlier export
    that nothing makes any more are removed, and no others.

    Ends with 2 if the service has no API, or DIR holds files that no export
    made.
    """
    if (service is None) == (out is None):
        raise typer.BadParameter("name a service, or a folder by --out")
    if service is not None:
        _print(service, stage)
    elif out is not None:
        _lay(out, check=check)


def _print(name: str, stage: str | None) -> None:
    from contracts.schema import dumps  # noqa: PLC0415 - brings pydantic
    from infra.discovery import services  # noqa: PLC0415 - with it
    from infra.openapi import document  # noqa: PLC0415 - with it

    (service,) = services([name])
    address = "/" if stage is None else describe(running(stage))["apis"].get(name, "/")
    typer.echo(dumps(document(service, address)), nl=False)


def _lay(out: Path, *, check: bool) -> None:
    from contracts.exports.folder import BadFolder, lay  # noqa: PLC0415 - brings pydantic
    from infra.openapi import documents  # noqa: PLC0415 - imports every service

    try:
        changes = lay(out, "openapi", documents(), check=check)
    except BadFolder as error:
        console.print(f"[red]✗[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(_BAD_INPUT) from None
    for file in changes.written:
        typer.echo(f"{'differs' if check else 'written'} {out / file}")
    for file in changes.removed:
        typer.echo(f"{'stale' if check else 'removed'} {out / file}")
    if check and (changes.written or changes.removed):
        raise typer.Exit(_DIFFERENT)
