"""All events that there are: for checks and exports, not for functions."""

import importlib
import pkgutil
from collections.abc import Mapping

from contracts import event
from contracts.event import EventData


def catalogue(package: str = "contracts.events") -> Mapping[str, type[EventData]]:
    """Return all events declared in `package`, by detail-type, in alphabetical order.

    Imports every module of the package.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        importlib.import_module(module.name)
    return {
        detail_type: cls
        for detail_type, cls in sorted(event.declared.items())
        if cls.__module__.startswith(f"{package}.")
    }
