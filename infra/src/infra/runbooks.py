"""Runbooks: what to do when an alarm rings is a section of its service's README.

The section's heading names the alarms, without the service's name: ``### `place-orders-dlq` ``. An
ellipsis stands for any part of a name: ``### `on-…-lost` ``. The first heading that fits is meant.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from infra.discovery import Service

_HEADING = re.compile(r"^### +(.*`.*)$", re.MULTILINE)
_NAMED = re.compile(r"`([^`]+)`")
_UNANCHORED = re.compile(r"[^\w\- ]")


class NoRunbook(LookupError):
    """An alarm of which the service's README says nothing."""


@dataclass(frozen=True)
class Runbooks:
    """What a service's README says of its alarms.

    Attributes
    ----------
    service
        The service.
    base
        Where the repository's pages can be read, as a URL; if empty, links are paths in it.
    """

    service: Service
    base: str = ""

    @property
    def page(self) -> str:
        """Where the README is."""
        path = f"services/{self.service.name}/README.md"
        return f"{self.base.rstrip('/')}/{path}" if self.base else path

    def link(self, alarm: str) -> str:
        """Return the link to the section of an alarm.

        Parameters
        ----------
        alarm
            The alarm's name within the stage.

        Raises
        ------
        NoRunbook
            There is none.
        """
        name = alarm.removeprefix(f"{self.service.name}-")
        for pattern, anchor in self._sections:
            if pattern.fullmatch(name):
                return f"{self.page}#{anchor}"
        raise NoRunbook(
            f"services/{self.service.name}/README.md does not say what to do when the alarm "
            f"{name!r} rings: give it a heading, ### `{name}`"
        )

    @cached_property
    def _sections(self) -> list[tuple[re.Pattern[str], str]]:
        file = self.service.folder / "README.md"
        return list(sections(file.read_text(encoding="utf-8"))) if file.exists() else []


def sections(text: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield the alarms that a page's headings name, as patterns, and the headings' anchors."""
    for heading in _HEADING.findall(text):
        for name in _NAMED.findall(heading):
            yield re.compile(".+".join(map(re.escape, name.split("…")))), anchor(heading)


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub and GitLab make it."""
    return _UNANCHORED.sub("", heading.lower()).strip().replace(" ", "-")
