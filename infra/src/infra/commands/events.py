"""`starling events`: look at what flies over a stage's bus."""

import json
from typing import Annotated, Any

import typer

from infra.commands.options import AnyStage
from infra.outputs import running
from infra.progress import console
from infra.tap import tapped

app = typer.Typer(help="Look at a stage's events.", no_args_is_help=True)


@app.callback()
def events() -> None:
    """Look at a stage's events."""


@app.command()
def tail(
    stage: AnyStage = "local",
    kind: Annotated[
        str | None,
        typer.Option("--type", help="Only this event: OrderPlaced.v1, or OrderPlaced for all."),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Print events as they come, until Ctrl-C.

    Taps the bus with a rule and a queue of its own, both removed at the end.
    """
    try:
        with tapped(running(stage), kind=kind, tenant=tenant) as batches:
            console.print("[dim]Listening; Ctrl-C ends.[/dim]")
            for batch in batches:
                for event in batch:
                    typer.echo(json.dumps(event) if as_json else _line(event))
    except KeyboardInterrupt:
        console.print("[dim]Ended; the tap is gone.[/dim]")


def _line(event: dict[str, Any]) -> str:
    detail = event.get("detail", {})
    metadata = detail.get("metadata", {})
    return "  ".join(
        [
            str(metadata.get("occurred_at", event.get("time"))),
            f"{event['source'].removeprefix('starling.'):<8}",
            f"{event['detail-type']:<20}",
            f"{metadata.get('tenant_id', '-'):<10}",
            f"{metadata.get('subject', '-')} r{metadata.get('revision', '-')}",
            json.dumps(detail.get("data", {}), ensure_ascii=False),
        ]
    )
