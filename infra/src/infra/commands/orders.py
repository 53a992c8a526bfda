"""`starling orders`: follow an order."""

from typing import Annotated

import httpx
import typer

from infra.commands.options import AnyStage
from infra.errors import StarlingError
from infra.following import Moment, follow
from infra.journey_steps import Caller
from infra.outputs import describe, running
from infra.progress import console
from infra.signin import sign_in

app = typer.Typer(help="Follow orders.", no_args_is_help=True)

_NOT_FOUND = 404


@app.callback()
def orders() -> None:
    """Follow orders."""


@app.command()
def watch(
    order_id: Annotated[str, typer.Argument(metavar="ID", help="The order: ord_…")],
    tenant: Annotated[str, typer.Option(help="Whose it is.")] = "acme",
    stage: AnyStage = "local",
) -> None:
    """Follow one order: a line for each thing that happens, until its end or Ctrl-C."""
    where = running(stage)
    with httpx.Client(trust_env=not where.local) as http:
        caller = Caller(describe(where)["apis"], sign_in(where, tenant, "ada", "member"), http)

        def ask(path: str) -> httpx.Response:
            answer = caller.send("GET", "orders", path)
            if answer.status_code == _NOT_FOUND:
                raise StarlingError(f"{tenant} has no order {order_id} on stage {stage}.")
            return answer.raise_for_status()

        def look() -> list[Moment]:
            moments: list[Moment] = ask(f"/orders/{order_id}/timeline").json()["items"]
            return moments

        costs = ask(f"/orders/{order_id}").json()["total"]["amount"] > 0
        try:
            for moment in follow(look, costs=costs):
                why = f"  {moment['why']}" if moment["why"] else ""
                typer.echo(f"{moment['at']}  {moment['what']}{why}")
        except KeyboardInterrupt:
            console.print("[dim]No longer watched; the order goes on.[/dim]")
