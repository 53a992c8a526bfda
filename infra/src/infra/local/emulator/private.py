"""Access to the emulator's private code that fails loudly when that code has moved."""

import importlib
import inspect
from typing import Any

RUNTIME = "ministack.core.lambda_runtime"
FUNCTIONS = "ministack.services.lambda_svc"
REST_API = "ministack.services.apigateway_v1"
STATES = "ministack.services.stepfunctions"
EVENTS = "ministack.services.eventbridge"
APPSYNC = "ministack.services.appsync"
COGNITO = "ministack.services.cognito"
DYNAMODB = "ministack.services.dynamodb"
GRAPHQL = "ministack.core.appsync_graphql"
PROVISIONERS = "ministack.services.cloudformation.provisioners"


class MovedError(Exception):
    """The emulator's private code is not what a correction was written for."""


def find(module: str, path: str) -> Any:
    """Return something of a module, by name or dotted path."""
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        if not hasattr(found, name):
            raise MovedError(f"{module} has no {path}")
        found = getattr(found, name)
    return found


def function(module: str, path: str, *parameters: str) -> Any:
    """Return a function after checking that it still takes these parameters."""
    found = find(module, path)
    actual = tuple(inspect.signature(found).parameters) if callable(found) else None
    if actual != parameters:
        raise MovedError(f"{module}.{path} takes {actual}, not {parameters}")
    return found


def put(module: str, path: str, replacement: Any) -> None:
    """Put something in the place of what is there."""
    owner, _, name = path.rpartition(".")
    find(module, path)
    setattr(find(module, owner) if owner else importlib.import_module(module), name, replacement)


def edit(module: str, path: str, old: str, new: str) -> None:
    """Replace a piece of a text, which must occur exactly once."""
    text = find(module, path)
    if not isinstance(text, str) or text.count(old) != 1:
        raise MovedError(f"{module}.{path} does not hold {old!r} just once")
    put(module, path, text.replace(old, new))
