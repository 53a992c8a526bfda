"""`starling media`: look at what became of an upload."""

from pathlib import Path
from typing import Annotated

import httpx
import typer

from infra.commands.options import AnyStage
from infra.errors import StarlingError
from infra.journey_steps import Caller
from infra.outputs import describe, running
from infra.progress import console
from infra.signin import sign_in

app = typer.Typer(help="Look at uploads.", no_args_is_help=True)

_NOT_FOUND = 404


@app.callback()
def media() -> None:
    """Look at uploads."""


@app.command()
def sheet(
    media_id: Annotated[str, typer.Argument(metavar="ID", help="The upload: med_…")],
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="Where to write the sheet.")],
    tenant: Annotated[str, typer.Option(help="Whose it is.")] = "acme",
    stage: AnyStage = "local",
) -> None:
    """Make a contact sheet: all copies of one picture side by side, and what is known of it."""
    from infra.sheet import Copy, contact_sheet  # noqa: PLC0415 - brings Pillow

    where = running(stage)
    with httpx.Client(trust_env=not where.local) as http:
        caller = Caller(describe(where)["apis"], sign_in(where, tenant, "ada", "admin"), http)
        answer = caller.send("GET", "media", f"/media/{media_id}")
        if answer.status_code == _NOT_FOUND:
            raise StarlingError(f"{tenant} has no upload {media_id} on stage {stage}.")
        answer.raise_for_status()
        picture = answer.json()
        if not picture["renditions"]:
            raise StarlingError(f"There are no copies of {media_id}: it is {picture['status']}.")
        copies = []
        for one in picture["renditions"]:
            shown = http.get(one["url"])
            shown.raise_for_status()
            copies.append(Copy(shown.content, one["width"], one["height"]))
    try:
        out.write_bytes(contact_sheet(picture, copies))
    except OSError as error:
        raise StarlingError(f"{out} cannot be written: {error.strerror}.") from None
    console.print(f"{len(copies)} copies of {media_id} in {out}", soft_wrap=True)
