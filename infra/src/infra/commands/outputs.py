"""`starling outputs`: addresses and names of a stage."""

import json
from typing import Annotated

import typer

from infra.commands.options import AnyStage
from infra.outputs import describe, running


def outputs(
    stage: AnyStage = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the addresses and names of a deployed stage."""
    found = describe(running(stage))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for key, inner in value.items():
                text = inner if isinstance(inner, str) else ", ".join(inner)
                typer.echo(f"  {key}: {text}")
        elif value is not None:
            typer.echo(f"{name}: {value}")
