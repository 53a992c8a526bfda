"""Waiting for the functions of a local stage, which the emulator initialises when deployed."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from infra import aws
from infra.errors import StarlingError
from infra.stages import Stage

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1


def await_functions(stage: Stage, report: Path, note: Callable[[str], None]) -> None:
    """Return when the first environment of each function is initialised.

    Parameters
    ----------
    stage
        A local stage.
    report
        The file in which the emulator tells what came of each revision of a function.
    note
        Told how far it is.

    Raises
    ------
    StarlingError
        If functions cannot be imported, with what each said.
    """
    last, ready = time.monotonic(), 0
    while True:
        pages = aws.client(stage, "lambda").get_paginator("list_functions").paginate()
        wanted = {
            one["FunctionName"]: one["RevisionId"] for page in pages for one in page["Functions"]
        }
        told = json.loads(report.read_text()) if report.exists() else {}
        done = [name for name in wanted if told.get(name, {}).get("revision") == wanted[name]]
        note(f"{len(done)} of {len(wanted)}")
        if len(done) == len(wanted):
            break
        if len(done) > ready:
            last, ready = time.monotonic(), len(done)
        elif time.monotonic() > last + PATIENCE_SECONDS:
            late = ", ".join(sorted(set(wanted) - set(done)))
            raise StarlingError(f"For {PATIENCE_SECONDS:.0f} s nothing came of: {late}.")
        time.sleep(POLL_SECONDS)
    if broken := {name: told[name]["error"] for name in done if told[name]["error"]}:
        causes = "\n".join(f"  {name}: {error}" for name, error in sorted(broken.items()))
        raise StarlingError(
            f"These functions cannot be initialised:\n{causes}",
            "A module that is missing belongs into the service's pyproject.toml and lock.",
        )
