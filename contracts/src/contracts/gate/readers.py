"""Every document that a version allows must be readable by whoever reads its major."""

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

from contracts.compat import NOTHING, BadSchema, compare
from contracts.gate.findings import BadContract, Finding
from contracts.gate.state import State
from contracts.gate.tree import Half, Major
from contracts.schema import Schema


class Break(NamedTuple):
    """Why a reader cannot read all that a writer may write."""

    path: str
    why: str
    witness: object


def minors(state: State) -> Iterator[Finding]:
    """Yield the minors of a major of which one does not read what the other may write."""
    for major in state.current:
        for (file, new), (old_file, old) in permutations(state.of_major(major.detail_type), 2):
            where = old_file if state.released(file) else file
            for broken in _breaks(new.document, old.document, "$", f"{file} and {old_file}"):
                yield _finding(
                    broken,
                    who=major.service,
                    what=new.what if where == file else old.what,
                    lead=f"whoever reads by {old.what} cannot read {new.what}",
                    advice=f"add optional fields only; anything else is {_next(major)}",
                    file=where,
                )


def halves(state: State) -> Iterator[Finding]:
    """Yield the consumers' halves that a version breaks."""
    known = {major.detail_type: major for major in state.current}
    for path, half in state.code.halves.items():
        if half.detail_type in known:
            yield from _half(state, path, half)
    for path, half in state.deployed.items():
        if half.detail_type in known:
            yield from _half(state, path, half, deployed=True)


def unpublished(state: State) -> Iterator[Finding]:
    """Yield the readers of what nobody publishes, and what is published to nobody."""
    known = {major.detail_type: major for major in state.current}
    for path, half in state.code.halves.items():
        major = known.get(half.detail_type)
        if major is None:
            why = f"{half.reaction} reads it, and nobody declares such an event"
            advice = "read an event of the catalogue, or let its publisher declare it first"
        elif (major.service, major.class_name) not in state.sources.made:
            why = (
                f"{half.reaction} reads it, and {major.service} does not publish it: its code "
                f"does not import {major.class_name}"
            )
            advice = (
                f"publish it until {half.service} has moved, or talk to the team of {half.service}"
            )
        else:
            continue
        yield Finding(
            level="break",
            check="unpublished",
            who=half.service,
            what=half.detail_type,
            why=why,
            advice=advice,
            file=path,
        )
    for major in known.values():
        if not state.code.readers(major) and major.detail_type not in state.tree.records:
            made = (major.service, major.class_name) in state.sources.made
            yield Finding(
                level="note",
                check="unread",
                who=major.service,
                what=major.detail_type,
                why="nobody reads it" if made else "nobody publishes it, and nobody reads it",
                advice="nothing, if its readers are to come; else let it go",
                file=major.module,
            )


def _half(state: State, path: str, half: Half, *, deployed: bool = False) -> Iterator[Finding]:
    for schema, version in state.of_major(half.detail_type):
        released = state.released(schema)
        if deployed and released:
            continue  # it ran with that until now
        for broken in _breaks(version.data, half.schema, "$.data", f"{schema} and {path}"):
            reader = f"{half.reaction}, as it is deployed," if deployed else half.reaction
            if released:
                advice = f"let {half.reaction} read what {version.what} promises, and no more"
            else:
                advice = f"make it {_next(version.major)}, or talk to the team of {half.service}"
            yield _finding(
                broken,
                who=half.service,
                what=version.what,
                lead=f"{reader} cannot read it",
                advice=advice,
                file=path if released else schema,
            )


def _next(major: Major) -> str:
    return f"a new major, {major.event}V{major.number + 1} beside {major.class_name}"


def _breaks(writer: Schema, reader: Schema, root: str, files: str) -> list[Break]:
    """Return why `reader` does not read all that `writer` allows; nothing if it does."""
    try:
        verdict = compare(writer, reader)
    except BadSchema as error:
        raise BadContract(files, error) from None
    if verdict.outcome == "compatible":
        return []
    lead = "it cannot be decided, which counts as no: " if verdict.outcome == "unknown" else ""
    witness = None if verdict.witness is NOTHING else verdict.witness
    return [
        Break(root + difference.path.removeprefix("$"), lead + difference.reason, witness)
        for difference in verdict.differences
    ]


def _finding(broken: Break, *, who: str, what: str, lead: str, advice: str, file: str) -> Finding:
    return Finding(
        level="break",
        check="compatibility",
        who=who,
        what=what,
        why=f"{lead}: {broken.why}",
        advice=advice,
        file=file,
        path=broken.path,
        witness=broken.witness,
    )
