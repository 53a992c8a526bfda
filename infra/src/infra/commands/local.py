"""`starling up`, `down`, `status`: the local stage."""

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra import deploying, tools
from infra.commands.options import LocalStage
from infra.local import engines, functions
from infra.local import stage as local_stage
from infra.progress import Steps, console


def up(stage: LocalStage = "local") -> None:
    """Start the local stage and deploy everything on it.

    Installs the tools it needs, starts the AWS emulator, OpenSearch, a vision model and a
    payments sandbox, and deploys all stacks with the CDK. A stage that is up already gets the
    current code. Its state is fresh at each start.
    """
    bring_up(stage)
    console.print(
        f"[green]The stage {stage!r} is up.[/green] "
        f"Next: starling outputs{'' if stage == 'local' else f' --stage {stage}'} --json"
    )


def bring_up(name: str) -> bool:
    """Start a local stage, if it does not run, and deploy everything on it.

    Returns
    -------
    bool
        Whether it was started here; False if it was up before.

    Raises
    ------
    StarlingError
        If a step fails; a stage that was started here does not run then.
    """
    local_stage.local(name)  # refuses another stage's name before anything is installed
    tools.ensure(*local_stage.TOOLS, "node")
    with Steps() as steps:
        started = local_stage.start(name, steps)
        if not started:
            console.print(f"[dim]The stage {name!r} runs already.[/dim]")
        try:
            stage = local_stage.local(name)
            services = deploying.chosen(deploying.ALL)
            if started:
                with steps.step("Bootstrapping the CDK's own stack") as step:
                    deploying.bootstrap(stage, step.note)
            with steps.step("Synthesising the stacks"):
                assembly = deploying.synthesise(stage, services)
            with steps.step("Deploying the stacks") as step:
                deploying.deploy(stage, assembly, step.note)
            with steps.step("Starting the functions") as step:
                report = local_stage.folder(name) / engines.FUNCTIONS_FILE
                functions.await_functions(stage, report, step.note)
        except BaseException as error:
            dead = local_stage.dead(name)
            if started:
                local_stage.stop(name)
            if dead and isinstance(error, Exception):
                raise dead.died() from error  # the cause of what failed
            raise
    return started


def down(stage: LocalStage = "local") -> None:
    """Stop the local stage's processes: what runs, and what is left of it."""
    local_stage.local(stage)
    stopped = local_stage.stop(stage)
    console.print(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing runs.")


def status(stage: LocalStage = "local") -> None:
    """Tell what of the local stage runs: exit code 0 if all of it does, else 1."""
    local_stage.local(stage)
    daemons = local_stage.daemons(stage)
    if not daemons:
        typer.echo(f"The stage {stage!r} is down.")
        raise typer.Exit(1)
    table = Table("process", "state", "pid", "address", "log", box=None, pad_edge=False)
    for daemon in daemons.values():
        alive = daemon.is_alive
        table.add_row(
            daemon.name,
            "[green]runs[/green]" if alive else "[red]ended by itself[/red]",
            str(daemon.pid) if alive else "",
            f"http://127.0.0.1:{daemon.port}",
            escape(daemon.log),
        )
    typer.echo(_plain(table), nl=False)
    if not local_stage.is_up(stage):
        raise typer.Exit(1)


def _plain(table: Table) -> str:
    output = Console(width=200)
    with output.capture() as captured:
        output.print(table)
    return captured.get()
