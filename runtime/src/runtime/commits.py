"""Every commit of a test under observation, and made to go wrong.

For tests of what stands on this runtime; never in a bundle.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from contracts.limits import Entry
from runtime.changes import Change
from runtime.table import Table


class Crash(BaseException):
    """The process dies: nothing may catch this."""


@dataclass
class Commits:
    """Every commit to the table, observed, and made to go wrong where a test wants it to.

    Attributes
    ----------
    told
        The events of the commits that were applied, in order.
    """

    told: list[Entry] = field(default_factory=list)
    _countdown: int = 0
    _when: Literal["before", "after"] = "before"
    _action: Callable[[], object] | None = None

    @classmethod
    def observed(cls, monkeypatch: pytest.MonkeyPatch) -> "Commits":
        """Observe the commits of all tables until the patch is undone."""
        commits, commit = cls(), Table.commit

        def observed(table: Table, *changes: Change) -> None:
            action, when = commits._due(), commits._when
            if action and when == "before":
                action()
            commit(table, *changes)
            commits.told += [entry for c in changes for entry in getattr(c, "events", ())]
            if action and when == "after":
                action()

        monkeypatch.setattr(Table, "commit", observed)
        return commits

    def interrupt(
        self,
        action: Callable[[], object],
        *,
        nth: int = 1,
        when: Literal["before", "after"] = "before",
    ) -> None:
        """Do something once, right before or after the nth commit from now."""
        self._action, self._countdown, self._when = action, nth, when

    def crash(self, *, nth: int = 1, when: Literal["before", "after"] = "before") -> None:
        """Die once, right before or after the nth commit from now."""

        def die() -> None:
            raise Crash

        self.interrupt(die, nth=nth, when=when)

    def calm(self) -> None:
        """Forget an interruption that has not come."""
        self._action = None

    @property
    def pending(self) -> bool:
        """Whether the interruption is still to come."""
        return self._action is not None

    def events(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Return what was told, as detail-type, metadata and data."""
        details = [(entry["detail-type"], json.loads(entry["detail"])) for entry in self.told]
        return [(name, detail["metadata"], detail["data"]) for name, detail in details]

    def _due(self) -> Callable[[], object] | None:
        if self._action is None:
            return None
        self._countdown -= 1
        if self._countdown:
            return None
        action, self._action = self._action, None
        return action
