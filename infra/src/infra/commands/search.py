"""`starling search`: ask, verify, repair and rebuild what is found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.commands.options import AnyStage
from infra.errors import StarlingError
from infra.found import printable, shown
from infra.journey_steps import Caller
from infra.outputs import describe, running
from infra.progress import console
from infra.signin import sign_in

if TYPE_CHECKING:
    from infra.operating import Operator

app = typer.Typer(help="Ask, verify, repair and rebuild the search index.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="Whose documents.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_INTERRUPTED = 130
_NAMED = 5  # places where a mapping differs that are named


@app.callback()
def search() -> None:
    """Ask, verify, repair and rebuild the search index."""


@contextmanager
def _operator(stage: str) -> Iterator["Operator"]:
    from infra.operating import operator  # noqa: PLC0415 - the service's code, which may be absent

    where = running(stage)
    with operator(where, describe(where)) as found:
        yield found


@app.command()
def query(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to find.")] = "",
    tenant: Tenant = "acme",
    *,
    kind: Annotated[str | None, typer.Option(help="Only user, order or media.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    as_json: AsJson = False,
    stage: AnyStage = "local",
) -> None:
    """Search as a signed-in user does, and print what is found, the best first."""
    where = running(stage)
    params = {"q": text, "limit": limit} | ({"kind": kind} if kind else {})
    with httpx.Client(trust_env=not where.local) as http:
        caller = Caller(describe(where)["apis"], sign_in(where, tenant, "ada", "member"), http)
        answer = caller.send("GET", "search-sync", "/search", params=params)
    if answer.is_error:
        problem = answer.json()
        said = ": ".join(problem[word] for word in ("title", "detail") if problem.get(word))
        raise StarlingError(f"{answer.status_code} {said}")
    if as_json:
        typer.echo(json.dumps(answer.json(), indent=2, ensure_ascii=False))
    else:
        shown(answer.json())


@app.command()
def status(as_json: AsJson = False, stage: AnyStage = "local") -> None:
    """Say which index is searched, which stands by, and whether a reindex is needed."""
    with _operator(stage) as operator:
        told = operator.status()
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for place in ("searched", "standby"):
        index = told[place]
        said = f"{index['name']}: {index['documents']:,} documents" if index else "none"
        typer.echo(f"{place:<10}{said}")
    if filling := told["reindex"]:
        how = "on its way" if filling["alive"] else "not ended; `starling search reindex` goes on"
        typer.echo(f"reindex   {filling['index']}: {filling['rows']:,} rows, {how}")
    _say_drift(told)


@app.command()
def verify(
    tenant: Annotated[str, typer.Option(help="Whose documents.")],
    as_json: AsJson = False,
    standby: Annotated[
        bool, typer.Option("--standby", help="The index that stands by, not the searched one.")
    ] = False,
    stage: AnyStage = "local",
) -> None:
    """Compare a tenant's documents with the table; the exit code is 1 if any differ.

    What changes meanwhile is looked at again, for 12 seconds, before it counts.
    """
    with _operator(stage) as operator:
        verdict = operator.verify(tenant, standby=standby)
        told = operator.status()
    _print(verdict.shown(), as_json=as_json)
    _say_drift(told)
    if verdict.findings:
        raise typer.Exit(1)


@app.command()
def reconcile(
    tenant: Annotated[str, typer.Option(help="Whose documents.")],
    as_json: AsJson = False,
    stage: AnyStage = "local",
) -> None:
    """Repair a tenant's documents that differ from the table; what is left is printed.

    The exit code is 1 if something is.
    """
    with _operator(stage) as operator:
        found = operator.verify(tenant)
        failures, left = operator.repair(found.findings)
    for failure in failures:
        console.print(f"{failure.write.id}: {failure.reason}", markup=False, soft_wrap=True)
    repaired = len(found.findings) - len(left)
    _print(found._replace(findings=left).shown() | {"repaired": repaired}, as_json=as_json)
    console.print(f"[green]✓[/green] {repaired} documents repaired.")
    if left:
        console.print("What is left is made right by a new index: starling search reindex.")
        raise typer.Exit(1)


@app.command()
def reindex(stage: AnyStage = "local") -> None:
    """Build a new index from the table, beside the one that is searched, and swap them.

    Searches and writes go on. After an interruption or a crash the same command goes on from
    there. The old index stands by, up to date, for `rollback`.
    """
    columns = (TextColumn("Rows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _operator(stage) as operator, Progress(*columns, console=console) as progress:
        task = progress.add_task("Rows", total=operator.total or None)

        def report(rows: int) -> None:
            progress.update(task, completed=rows, total=max(rows, operator.total))

        console.print("[dim]First it waits until all who write know of the new index.[/dim]")
        try:
            rebuilt = operator.rebuild(report).reindex()
        except KeyboardInterrupt:
            console.print("The same command goes on from here; searches see the old index.")
            raise typer.Exit(_INTERRUPTED) from None
    again = "gone on with and " if rebuilt.resumed else ""
    console.print(
        f"[green]✓[/green] {again}done: {rebuilt.standing.searched} is searched, with "
        f"{rebuilt.documents:,} documents; {rebuilt.standing.standby} stands by.",
        soft_wrap=True,
    )


@app.command()
def rollback(stage: AnyStage = "local") -> None:
    """Search the index that stands by, and let the other one stand by; both are up to date."""
    with _operator(stage) as operator:
        standing = operator.rebuild().rollback()
    console.print(
        f"[green]✓[/green] {standing.searched} is searched; {standing.standby} stands by.",
        soft_wrap=True,
    )


@app.command()
def drop_standby(stage: AnyStage = "local") -> None:
    """Delete the index that stands by, also one that a reindex has left half filled."""
    with _operator(stage) as operator:
        dropped = operator.rebuild().drop_standby()
    said = f"dropped: {', '.join(dropped)}" if dropped else "no index stood by"
    console.print(f"[green]✓[/green] {said}.", soft_wrap=True)


def _say_drift(told: dict[str, Any]) -> None:
    if told["needs_reindex"]:
        named = ", ".join(told["drift"][:_NAMED])
        more = " …" if len(told["drift"]) > _NAMED else ""
        console.print(
            f"[yellow]![/yellow] The index needs a reindex: it is not what the code's mapping "
            f"(version {told['code_version']}) says, in {named}{more}.\n"
            "Make it: starling search reindex.",
            soft_wrap=True,
        )


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for one in told["differences"]:
        row, document = one["row"] or "none", one["document"] or "none"
        line = f"{one['what']:<11}{one['kind']:<7}{one['id']}  row {row}, document {document}"
        typer.echo(printable(line))
    typer.echo(f"{len(told['differences'])} differences, {told['documents']:,} documents")
