"""Deprecated majors: who still reads them, and how long they have."""

from collections.abc import Iterator

from contracts.deprecations import Deprecation
from contracts.gate.findings import Finding
from contracts.gate.state import State
from contracts.gate.tree import RECORDS, Half, Major


def recorded(state: State) -> Iterator[Finding]:
    """Yield records that are about nothing."""
    names = {major.detail_type: major for major in state.current}
    for name, record in state.tree.records.items():
        event = name.partition(".")[0]
        if name not in names:
            why, advice = "the record is of an event that nobody declares", "delete the record"
        elif record.successor not in names:
            why = f"its successor {record.successor} is declared nowhere"
            advice = "declare it first: readers must have somewhere to go"
        elif record.successor.partition(".")[0] != event or _number(record.successor) <= _number(
            name
        ):
            why = f"{record.successor} is no later major of {event}"
            advice = "name the major that its readers move to"
        else:
            continue
        who = names[name].service if name in names else "contracts"
        yield Finding(
            level="break",
            check="record",
            who=who,
            what=name,
            why=why,
            advice=advice,
            file=RECORDS,
        )


def read(state: State) -> Iterator[Finding]:
    """Yield who reads a deprecated major; a new reader is a break, whoever was there has time."""
    for major in state.current:
        record = state.tree.records.get(major.detail_type)
        if record is None:
            continue
        readers = [
            (path, half)
            for path, half in state.code.halves.items()
            if half.detail_type == major.detail_type
        ]
        for path, half in readers:
            yield _reader(state, major, record, path, half)
        if not readers:
            yield Finding(
                level="note",
                check="deprecated",
                who=major.service,
                what=major.detail_type,
                why="it is deprecated and nobody reads it any more",
                advice=f"delete {major.class_name}, its schemas, examples and record",
                file=RECORDS,
            )


def _reader(state: State, major: Major, record: Deprecation, path: str, half: Half) -> Finding:
    new = path not in state.base.halves
    if new:
        why = f"{half.reaction} begins to read it, and it is deprecated: {record.why}"
        advice = f"read {record.successor}"
    else:
        why = f"{half.reaction} reads it, and it is deprecated; {_left(state, record)}"
        moved = any(
            other.service == half.service and other.detail_type == record.successor
            for other in state.code.halves.values()
        )
        advice = (
            f"{half.service} reads {record.successor} too: delete {half.reaction} when no "
            f"{major.detail_type} can come alone any more"
            if moved
            else f"move to {record.successor}: {record.why}"
        )
    return Finding(
        level="break" if new else "warning",
        check="deprecated",
        who=half.service,
        what=major.detail_type,
        why=why,
        advice=advice,
        file=path,
    )


def _left(state: State, record: Deprecation) -> str:
    days = (record.until - state.today).days
    if days < 0:
        return f"ITS TIME ENDED on {record.until}, {-days} days ago"
    return f"its time ends on {record.until}, in {days} days"


def _number(detail_type: str) -> int:
    return int(detail_type.rpartition(".v")[2])
