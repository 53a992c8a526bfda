"""Examples of requests and answers: ``services/<service>/examples/<endpoint>.json``.

A file is named as the endpoint's module. It has `path`, the path's parameters, `requests`, bodies
by name, and `answer`: what of it the endpoint has.
"""

import json
from typing import Any, NamedTuple

from infra.discovery import Service


class Example(NamedTuple):
    """What one endpoint takes and gives, for example."""

    path: dict[str, str]
    requests: dict[str, Any]
    answer: Any


class Examples:
    """A service's examples.

    Parameters
    ----------
    service
        The service.
    """

    def __init__(self, service: Service) -> None:
        self._folder = service.folder / "examples"

    def of(self, name: str) -> Example:
        """Return an endpoint's examples; none if it has no file.

        Parameters
        ----------
        name
            The endpoint's, with hyphens.
        """
        file = self._folder / f"{name.replace('-', '_')}.json"
        said = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return Example(said.get("path", {}), said.get("requests", {}), said.get("answer"))
