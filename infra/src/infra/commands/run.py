"""`starling run`: start by hand what else the clock starts."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError, ReadTimeoutError

from infra import aws
from infra.commands.options import AnyStage
from infra.discovery import Declared, declared, services
from infra.errors import StarlingError
from infra.outputs import running
from infra.progress import console
from infra.stages import Stage
from runtime.schedule import Schedule

_ANSWER_SECONDS = 30  # that Lambda may take to say what a function returned


def run(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Whose schedule: orders.")],
    schedule: Annotated[
        str, typer.Argument(metavar="SCHEDULE", help="Which one: daily-report, for instance.")
    ],
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="The day, for those that are about one; the day before (UTC) if not said.",
        ),
    ] = None,
    stage: AnyStage = "local",
) -> None:
    """Run a schedule of a service now, wait for its end, and print what it says of the run.

    Also while the clock runs it: what one run did, another finds done.
    """
    (found,) = services([service])
    chosen = _chosen(declared(found, "schedules", Schedule), service, schedule)
    given = {}
    if date is not None:
        model = chosen.declaration.model
        if model is None or "date" not in model.model_fields:
            raise typer.BadParameter(f"{schedule} takes no date", param_hint="--date")
        given["date"] = date.date().isoformat()
    result = invoke(running(stage), service, chosen, given)
    if result is None:
        console.print(f"[green]✓[/green] {schedule} is done.")
    else:
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False))


def invoke(stage: Stage, service: str, chosen: Declared[Schedule], given: dict[str, str]) -> Any:
    """Call a schedule's function, once, and return what it returned.

    Parameters
    ----------
    stage
        Where.
    service, chosen
        The schedule.
    given
        Its input.

    Raises
    ------
    StarlingError
        It is not deployed, or failed.
    """
    name = stage.named(service, chosen.name)
    patience = chosen.declaration.capacity.seconds + _ANSWER_SECONDS
    log = f"Its log group is /aws/lambda/{name}."
    try:
        answer = aws.client(stage, "lambda", patience).invoke(
            FunctionName=name, Payload=json.dumps(given)
        )
    except ReadTimeoutError:
        raise StarlingError(f"{chosen.name} did not end within {patience} s.", log) from None
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise StarlingError(
            f"The stage {stage.name!r} has no function {name}.",
            f"Deploy it: starling deploy {service} --stage {stage.name}.",
        ) from None
    result = json.loads(answer["Payload"].read() or "null")
    if "FunctionError" in answer:
        raise StarlingError(f"{service}'s {chosen.name} failed: {_told(result)}", log)
    return result


def _chosen(found: list[Declared[Schedule]], service: str, schedule: str) -> Declared[Schedule]:
    for one in found:
        if one.name == schedule:
            return one
    known = ", ".join(one.name for one in found) or "none"
    raise typer.BadParameter(
        f"{service} has no schedule {schedule!r} (it has: {known})", param_hint="SCHEDULE"
    )


def _told(error: Any) -> str:
    """Return what Lambda says of a function's failure."""
    if not isinstance(error, dict) or "errorMessage" not in error:
        return "it does not say why."
    kind = error.get("errorType")
    return f"{kind}: {error['errorMessage']}" if kind else str(error["errorMessage"])
