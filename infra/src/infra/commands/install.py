"""`starling tools`: install what runs beside the repo's own Python."""

from typing import Annotated

import typer

from infra import tools as engines
from infra.progress import console

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help=f"Of {', '.join(engines.ALL)}; all.")
]


def tools(names: Names = None) -> None:
    """Install the tools and engines that are missing or out of date.

    The AWS emulator, OpenSearch, the CDK command line and their like: from committed locks,
    into .starling/tools.
    """
    if unknown := set(names or ()) - set(engines.ALL):
        raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}", param_hint="NAME")
    engines.ensure(*(names or ()))
    console.print("[dim]All tools are there.[/dim]")
