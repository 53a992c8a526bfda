"""`starling deploy` and `starling synth`: the stacks of a stage."""

from typing import Annotated

import typer

from infra import deploying, tools
from infra.commands.options import AnyStage
from infra.outputs import running
from infra.progress import Steps, console
from infra.stages import Stage

What = Annotated[
    str, typer.Argument(metavar="SERVICE|all", help="A service's name, platform, or all.")
]


def synth(what: What, stage: AnyStage = "local") -> None:
    """Synthesise CloudFormation templates, and print the folder that they are in.

    A service is synthesised alone, without the other services' code.
    """
    names = deploying.chosen(what)
    with Steps() as steps, steps.step(f"Synthesising {what}"):
        assembly = deploying.synthesise(Stage.of(stage), names)
    typer.echo(assembly)


def deploy(what: What, stage: AnyStage = "local") -> None:
    """Deploy a service, or all, to a stage: the local one or any on AWS.

    On AWS the account is the one that your credentials are for; it has to be bootstrapped
    (`cdk bootstrap`), and the platform is deployed before the first service.
    """
    names = deploying.chosen(what)
    target = running(stage)
    tools.ensure("node")
    with Steps() as steps:
        with steps.step(f"Synthesising {what}"):
            assembly = deploying.synthesise(target, names)
        with steps.step(f"Deploying {what} to {stage}") as step:
            deploying.deploy(target, assembly, step.note)
    console.print(f"[green]{what} is deployed to {stage}.[/green]")
