"""`starling login`: a token to try the APIs with."""

from typing import Annotated

import typer

from infra.commands.options import AnyStage
from infra.outputs import running
from infra.signin import Role, sign_in


def login(
    tenant: Annotated[str, typer.Option(help="Tenant, like acme.")],
    user: Annotated[str, typer.Option(help="User name within the tenant, like ada.")],
    role: Annotated[Role, typer.Option(help="The one group of the user.")] = "member",
    stage: AnyStage = "local",
) -> None:
    """Print a JWT of the stage's user pool, alone on stdout.

    Makes the user if there is none. Every sign-in gives the user a new random password.
    Refuses production stages.
    """
    typer.echo(sign_in(running(stage), tenant, user, role))
