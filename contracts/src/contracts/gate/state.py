"""What the checks look at: the code, the working tree, the base, and the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from contracts.gate.sources import Sources
from contracts.gate.tree import Golden, Half, Major, Tree


@dataclass(frozen=True)
class State:
    """The contracts as they are and as they were.

    Attributes
    ----------
    code
        What the classes say now: the current version of every major, and every reaction's half.
    tree
        The files in the working tree.
    base
        The files that are released.
    sources
        What the services' code says of events.
    today
        The day.
    """

    code: Tree
    tree: Tree
    base: Tree
    sources: Sources
    today: date

    @cached_property
    def current(self) -> dict[Major, Golden]:
        """The version that each major is at."""
        return {golden.major: golden for golden in self.code.goldens.values()}

    @cached_property
    def versions(self) -> dict[str, Golden]:
        """Every version of every major that is declared, by the path of its schema."""
        every = {**self.tree.goldens, **self.code.goldens}
        return {path: golden for path, golden in every.items() if golden.major in self.current}

    @cached_property
    def deployed(self) -> dict[str, Half]:
        """The released halves that are gone or different now: they run until all is deployed."""
        now = self.code.halves
        return {
            path: half
            for path, half in self.base.halves.items()
            if path not in now or now[path].schema != half.schema
        }

    def of_major(self, detail_type: str) -> Sequence[tuple[str, Golden]]:
        """Return the versions of a major, each with the path of its schema."""
        return [
            (path, golden)
            for path, golden in sorted(self.versions.items(), key=lambda item: item[1].minor)
            if golden.major.detail_type == detail_type
        ]

    def released(self, path: str) -> bool:
        """Say whether the schema at `path` is released as it is."""
        before = self.base.goldens.get(path)
        return before is not None and before.document == self.versions[path].document
