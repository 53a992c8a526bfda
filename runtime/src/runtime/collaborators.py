"""What a declared function takes besides its input: built once a process, when first needed."""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any


class Collaborators:
    """Builds a function's collaborators.

    Parameters
    ----------
    function
        The function; its parameter `now`, if it has one, gets the current time (aware, UTC).
    factories
        For each other parameter behind the first, what makes it.

    Raises
    ------
    TypeError
        The function's parameters and the factories do not fit.
    """

    def __init__(
        self, function: Callable[..., Any], factories: Mapping[str, Callable[[], Any]]
    ) -> None:
        wanted = set(list(inspect.signature(function).parameters)[1:])
        self._clock = "now" in wanted
        if wanted - {"now"} != set(factories):
            raise TypeError(
                f"{function.__qualname__} takes {sorted(wanted - {'now'})}, "
                f"its declaration gives {sorted(factories)}"
            )
        self._factories = dict(factories)
        self._made: dict[str, Any] | None = None

    def built(self) -> dict[str, Any]:
        """Return the collaborators by name, with the current time where it is asked for."""
        if self._made is None:
            self._made = {name: factory() for name, factory in self._factories.items()}
        return self._made | {"now": datetime.now(UTC)} if self._clock else self._made
