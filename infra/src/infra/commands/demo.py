"""`starling demo`: orders fly through all services, shown as a timeline."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.commands.local import bring_up
from infra.commands.options import LocalStage
from infra.journey import Hop, Journey
from infra.local import stage as local_stage
from infra.mail import mailbox
from infra.outputs import describe
from infra.progress import Steps
from infra.signin import sign_in
from infra.stages import Stage
from infra.tap import Event, tapped

_HOME, _ABROAD = "acme", "globex"
_NEXT = """
[bold]What to try next[/bold]
  make up                                       the stage stays up; then
  source .venv/bin/activate
  starling login --tenant acme --user ada --role admin     a token, for curl
  starling outputs --json                       where the APIs are
  starling events tail                          watch the bus
  starling orders watch ord_…                   an order's life, as it happens
  starling search query 'trail runner'          what is found, with the words that were looked for
  starling run orders daily-report              what else the clock starts, by hand
  make test                                     every test there is
"""

_BRANCHES = (
    ("ThumbnailGenerated.v1", "renditions", "copies"),
    ("MetadataExtracted.v1", "colors", "colours"),
    ("MediaAnalysed.v1", "texts", "lines of words"),
)

output = Console(highlight=False)


def demo(stage: LocalStage = "local") -> None:
    """Watch orders fly through all services.

    Starts the local stage and deploys everything onto it (a stage that is up already gets the
    current code, and stays up), takes the orders' journey, and shows each hop.
    """
    started = bring_up(stage)
    try:
        _show(local_stage.local(stage))
        if started:
            output.print(_NEXT)
    finally:
        if started:
            with Steps() as steps, steps.step("Stopping the stage"):
                local_stage.stop(stage)


def _show(stage: Stage) -> None:
    apis = describe(stage)["apis"]

    def token(tenant: str, user: str, role: str) -> str:
        return sign_in(stage, tenant, user, "admin" if role == "admin" else "member")

    with mailbox(stage) as told:
        with Steps() as steps, steps.step("Warming the functions up"):
            # A first call starts a function's process; the timeline is to show the flight.
            Journey(stage, apis, token, told, home="warm-a", abroad="warm-b").run()
        journey = Journey(stage, apis, token, told, home=_HOME, abroad=_ABROAD)
        with Steps() as steps, steps.step("The orders' journey"), _overheard(stage) as heard:
            journey.run()
    events = [Hop(journey.since(at), "bus", _words(event)) for at, event in heard]
    output.print()
    output.print(_timeline(journey, events))
    output.print()
    output.print(_branches([(journey.since(at), event) for at, event in heard]))
    output.print(
        f"\n[green]✓[/green] {len(journey.hops)} steps and {len(events)} events "
        f"in {journey.hops[-1].at_ms / 1000:.1f} s, each asserted by its effect."
    )


def _timeline(journey: Journey, events: list[Hop]) -> Table:
    """Return what happened, in order, under what it was about."""
    table = Table("ms", "where", "what happened", box=None, pad_edge=False)
    table.columns[0].justify = "right"
    number = 0

    def begin() -> None:
        # When the hop before it is over: what the bus carries then is about it.
        if about := journey.chapters.get(number):
            table.add_row()
            table.add_row("", "", about, style="bold")

    begin()
    for hop in sorted([*journey.hops, *events], key=lambda hop: hop.at_ms):
        on_bus = hop.service == "bus"
        style = "dim" if on_bus else None
        table.add_row(str(hop.at_ms), hop.service, Text.assemble(hop.what), style=style)
        if not on_bus:
            number += 1
            begin()
    return table


def _branches(heard: list[tuple[int, Event]]) -> Table:
    """Return what the three processors of the picture said, side by side: when, and what."""
    at = {event["detail-type"]: (ms, event["detail"]["data"]) for ms, event in heard}
    begun, _ = at["MediaUploaded.v1"]
    table = Table("thumbnails", "metadata", "analysis", box=None, pad_edge=False)
    table.title = f"The picture's three branches, in ms after MediaUploaded at {begun}"
    table.title_justify = "left"
    said = []
    for kind, field, unit in _BRANCHES:
        ms, data = at[kind]
        said.append(f"+{ms - begun}  {kind}: {len(data[field])} {unit}")
    table.add_row(*said)
    ready, _ = at["MediaReady.v1"]
    table.caption = f"MediaReady at {ready}, with the last of them"
    table.caption_justify = "left"
    return table


@contextmanager
def _overheard(stage: Stage) -> Iterator[list[tuple[float, Event]]]:
    """Collect a tenant's events, with the time each was heard, until none comes any more."""
    heard: list[tuple[float, Event]] = []
    ended = threading.Event()
    with tapped(stage, tenant=_HOME) as batches:

        def listen() -> None:
            for batch in batches:
                heard.extend((time.monotonic(), event) for event in batch)
                if ended.is_set() and not batch:
                    return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield heard
        finally:
            ended.set()
            listener.join()


def _words(event: Event) -> str:
    metadata = event["detail"]["metadata"]
    return f"{event['detail-type']} of {metadata['subject']}, revision {metadata['revision']}"
