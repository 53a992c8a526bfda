"""`starling contracts`: check, match and export the event contracts."""

import typer

from infra.commands.contracts import check, compat, export, match, recorded, satisfiable

app = typer.Typer(help="Check, match and export the event contracts.", no_args_is_help=True)
app.command()(check.check)
app.command()(compat.compat)
app.command()(export.export)
app.command()(match.match)
app.command()(recorded.recorded)
app.command()(satisfiable.satisfiable)
