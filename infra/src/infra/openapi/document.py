"""One service's document: its operations, the schemas that they share, and how to sign in."""

import ast
import tomllib
from collections.abc import Sequence
from typing import Any

from contracts.schema import dumps
from infra.discovery import Service, declared, routes, services
from infra.openapi.answers import Gateway
from infra.openapi.examples import Examples
from infra.openapi.operation import of_endpoint, of_queued
from infra.openapi.schemas import Schemas
from runtime.endpoint import Endpoint

Document = dict[str, Any]

_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An ID token of the stage's issuer, which names the caller's tenant. "
    "Some operations take the role `admin`.",
}


def documents(found: Sequence[Service] | None = None) -> dict[str, str]:
    """Return the texts of the documents of all services that have an API, by name of file."""
    return {
        f"{service.name}.json": dumps(document(service))
        for service in (services() if found is None else found)
        if declared(service, "api", Endpoint)
    }


def document(service: Service, address: str = "/") -> Document:
    """Return a service's OpenAPI document.

    Parameters
    ----------
    service
        The service.
    address
        Base URL of its API, without a slash at the end.
    """
    functions, queued = declared(service, "api", Endpoint), routes(service)
    gateway = _gateway(service)
    schemas = Schemas([one.declaration for one in functions], [one.declaration for one in queued])
    examples = Examples(service)
    paths: Document = {}
    for found in functions:
        made = of_endpoint(found.declaration, gateway, schemas, examples.of(found.name))
        paths.setdefault(found.declaration.path, {})[found.declaration.method.lower()] = made
    for route in queued:
        module = route.handler.rpartition(".")[0]
        made = of_queued(module, route.declaration, schemas, examples.of(route.name))
        paths.setdefault(route.declaration.path, {})[route.declaration.method.lower()] = made
    return {
        "openapi": "3.1.1",
        "info": _info(service),
        "servers": [
            {"url": address, "description": "The service's API: `starling outputs` tells where."}
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {"token": _SECURITY},
        },
    }


def _info(service: Service) -> Document:
    project = tomllib.loads((service.folder / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "title": service.name,
        "version": project["version"],
        "summary": project.get("description", f"The {service.name} service"),
        "description": "Refusals are problem details (RFC 9457). Unknown fields and parameters "
        "of a request are refused; those of an answer may grow, and are to be ignored.",
        "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    }


def _gateway(service: Service) -> Gateway:
    """Return the kind of gateway that the service's stack has.

    Read from its source: running it would take CDK's seconds.
    """
    tree = ast.parse((service.folder / "stack.py").read_text(encoding="utf-8"))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return "http" if "http_api" in called else "rest"
