"""`starling orders`: follow an order."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import httpx
import typer

from infra.commands.options import AnyStage
from infra.errors import StarlingError
from infra.journey_steps import Caller
from infra.outputs import describe, running
from infra.progress import console
from infra.signin import sign_in

app = typer.Typer(help="Follow orders.", no_args_is_help=True)

Moment = dict[str, Any]
"""One thing that happened, as `GET /orders/{id}/timeline` tells it."""

_POLL_SECONDS = 0.5
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

        def look() -> list[Moment]:
            answer = caller.send("GET", "orders", f"/orders/{order_id}/timeline")
            if answer.status_code == _NOT_FOUND:
                raise StarlingError(f"{tenant} has no order {order_id} on stage {stage}.")
            answer.raise_for_status()
            moments: list[Moment] = answer.json()["items"]
            return moments

        try:
            for moment in follow(look):
                why = f"  {moment['why']}" if moment["why"] else ""
                typer.echo(f"{moment['at']}  {moment['what']}{why}")
        except KeyboardInterrupt:
            console.print("[dim]No longer watched; the order goes on.[/dim]")


def follow(look: Callable[[], Sequence[Moment]]) -> Iterator[Moment]:
    """Yield what happened and what happens, until nothing more can.

    Parameters
    ----------
    look
        Returns all that happened so far, in order.
    """
    seen = 0
    while True:
        moments = look()
        yield from moments[seen:]
        seen = len(moments)
        if _is_over({moment["what"] for moment in moments}):
            return
        time.sleep(_POLL_SECONDS)


def _is_over(happened: set[str]) -> bool:
    if "confirmed" in happened and not happened.isdisjoint({"cancelled", "rejected"}):
        return "refunded" in happened
    return not happened.isdisjoint({"fulfilled", "rejected", "cancelled"})
