"""What is released stays as it is, and goes only when nobody names it any more."""

from collections.abc import Iterator

from contracts.gate.findings import Finding
from contracts.gate.state import State
from contracts.gate.tree import RECORDS, Golden, Half, Major

_REGENERATE = "run `make golden`, and look at what changed"


def drifted(state: State) -> Iterator[Finding]:
    """Yield the golden files that are not what the code says, where `make golden` is the remedy."""
    for path, now in state.code.goldens.items():
        lies, before = state.tree.goldens.get(path), state.base.goldens.get(path)
        if before is not None and before.document != now.document:
            continue  # `changed` says it: a released file is not to be written anew
        if lies is None or lies.document != now.document:
            yield _drift(now.major.service, now.what, path, missing=lies is None)
    for path, half in state.code.halves.items():
        read = state.tree.halves.get(path)
        if read is None or read.schema != half.schema:
            yield _drift(half.service, half.detail_type, path, missing=read is None)
    for path, half in state.tree.halves.items():
        if path not in state.code.halves:
            yield Finding(
                level="break",
                check="stale",
                who=half.service,
                what=half.detail_type,
                why=f"there is no reaction {half.reaction} that reads it",
                advice=_REGENERATE,
                file=path,
            )


def changed(state: State) -> Iterator[Finding]:
    """Yield the released schemas that are different or gone, and those that nothing declares."""
    for path, before in state.base.goldens.items():
        now = state.versions.get(path)
        if now is not None and now.document != before.document:
            yield _changed(before, path)
        elif now is None and before.major in state.current:
            why = "its schema is gone, and events of it may still come"
            yield _released(before, path, why, "put it back")
    for path, golden in state.tree.goldens.items():
        current = state.current.get(golden.major)
        if current is not None and golden.minor > current.minor:
            why = f"a schema lies there, and {golden.major.class_name} is only at {current.what}"
            yield _released(golden, path, why, "raise the class's version, or delete the file")


def withdrawn(state: State) -> Iterator[Finding]:
    """Yield what is wrong with the majors that are gone."""
    gone = {*state.base.majors(), *state.tree.majors()} - state.current.keys()
    for major in sorted(gone):
        readers = state.code.readers(major)  # each of them is a finding of its own
        left = [half for half in state.base.readers(major) if half not in readers]
        if major in state.base.majors() and major.detail_type not in state.base.records:
            yield _gone(
                major,
                "it was published, was never deprecated, and is gone",
                f"put it back, record it in {RECORDS}, and let it go when nobody reads it",
            )
        for half in left:
            yield _still_deployed(major, half)
        if not readers and major in state.tree.majors():
            why = "schemas of it lie there, and no class declares it"
            yield _gone(major, why, "delete its schemas and examples too, or put the class back")


def _changed(before: Golden, path: str) -> Finding:
    advice = (
        f"{before.major.number}.{before.minor} stays for ever: raise the class's version to "
        f"{before.major.number}.{before.minor + 1} if only optional fields were added; else "
        f"declare {before.major.event}V{before.major.number + 1} beside it"
    )
    return _released(before, path, "its schema changed after its release", advice)


def _released(golden: Golden, path: str, why: str, advice: str) -> Finding:
    return Finding(
        level="break",
        check="released",
        who=golden.major.service,
        what=golden.what,
        why=why,
        advice=advice,
        file=path,
    )


def _gone(major: Major, why: str, advice: str) -> Finding:
    return Finding(
        level="break",
        check="withdrawn",
        who=major.service,
        what=major.detail_type,
        why=why,
        advice=advice,
        file=major.module,
    )


def _still_deployed(major: Major, half: Half) -> Finding:
    return Finding(
        level="break",
        check="withdrawn",
        who=half.service,
        what=major.detail_type,
        why=f"{half.reaction} is removed in this same change, and is deployed until then",
        advice=f"release the removal of the reaction first, then that of {major.class_name}",
        file=major.module,
    )


def _drift(who: str, what: str, path: str, *, missing: bool) -> Finding:
    return Finding(
        level="break",
        check="drift",
        who=who,
        what=what,
        why="the golden file is missing"
        if missing
        else "the golden file is not what the code says",
        advice=_REGENERATE,
        file=path,
    )
