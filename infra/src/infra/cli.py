"""The `starling` command."""

import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import typer
from rich.markup import escape

from infra.commands import (
    contracts,
    demo,
    deploy,
    events,
    install,
    local,
    login,
    media,
    openapi,
    orders,
    outputs,
    run,
    search,
    test,
)
from infra.discovery import UnknownService
from infra.errors import StarlingError
from infra.progress import console
from infra.stages import BadStage

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="starling",
    help="Run, deploy and look into Starling: the local stage, and stages on AWS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(local.up)
app.command()(local.down)
app.command()(local.status)
app.command()(deploy.deploy)
app.command()(deploy.synth)
app.command()(demo.demo)
app.command()(outputs.outputs)
app.command()(openapi.openapi)
app.command()(login.login)
app.command()(run.run)
app.command("test")(test.run_tests)
app.command()(install.tools)
app.add_typer(contracts.app, name="contracts")
app.add_typer(events.app, name="events")
app.add_typer(media.app, name="media")
app.add_typer(orders.app, name="orders")
app.add_typer(search.app, name="search")


def main() -> NoReturn:
    """Run the command line: exit code 0 for done, 1 for failed, 2 for wrong usage."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) is signal.SIG_DFL:  # left alone under nohup
            signal.signal(sign, _interrupt)
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            _fail("Interrupted; what this command had started is stopped.")
        raise
    except StarlingError as error:
        _fail(str(error), error.remedy)
    except (BadStage, UnknownService) as error:
        _fail(str(error), code=_USAGE)
    except Exception as error:  # noqa: BLE001 - whatever it is: its cause, not its traceback
        if os.environ.get("STARLING_DEBUG"):
            traceback.print_exc()
        _fail(f"{type(error).__name__}: {error}", "STARLING_DEBUG=1 shows where it comes from.")
    sys.exit(0)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # as Ctrl-C: everything cleans up on its way out


def _fail(message: str, remedy: str = "", code: int = _FAILED) -> NoReturn:
    console.print(f"[red]✗[/red] {escape(message)}", soft_wrap=True)
    if remedy:
        console.print(escape(remedy), soft_wrap=True)
    sys.exit(code)
