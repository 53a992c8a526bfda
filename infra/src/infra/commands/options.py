"""Options that several commands share."""

from typing import Annotated

import typer

AnyStage = Annotated[
    str, typer.Option("--stage", "-s", help="Stage: local, test, or one on AWS by its name.")
]
LocalStage = Annotated[
    str, typer.Option("--stage", "-s", help="Local stage: local, or the tests' own, test.")
]
