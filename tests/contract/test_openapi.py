"""The OpenAPI documents are up to date and valid, and their examples are true."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from contracts.exports.folder import Changes, lay
from contracts.golden import ROOT
from infra.discovery import Service, declared, routes, services
from infra.openapi import document, documents
from infra.openapi.examples import Examples
from infra.tools import ensure, python_of
from runtime.endpoint import Endpoint
from runtime.problems import Problem
from runtime.queued import Queued
from runtime.refusals import refusals

Document = dict[str, Any]

SERVICES = services()
Declaration = Endpoint | Queued[Any]


def declarations(service: Service) -> list[tuple[str, Declaration]]:
    """Return the endpoints of a service with their names."""
    functions = [(one.name, one.declaration) for one in declared(service, "api", Endpoint)]
    return [*functions, *((one.name, one.declaration) for one in routes(service))]


EACH = [
    pytest.param(service, name, declaration, id=f"{service.name}-{name}")
    for service in SERVICES
    for name, declaration in declarations(service)
]


def validated(*files: Path) -> "subprocess.CompletedProcess[str]":
    """Run the validator, which holds the OpenAPI Initiative's own schemas."""
    ensure("openapi")
    return subprocess.run(
        [python_of("openapi"), "-m", "openapi_spec_validator", "--errors", "all", *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_documents_are_up_to_date() -> None:
    changes = lay(ROOT / "docs" / "api", "openapi", documents(), check=True)
    assert changes == Changes([], []), "run `make golden`, and look at what changed"


def test_the_validator_finds_nothing_wrong(tmp_path: Path) -> None:
    files = [tmp_path / name for name in documents()]
    lay(tmp_path, "openapi", documents())
    done = validated(*files)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == len(files) == len(SERVICES)


def test_the_validator_finds_what_is_broken(tmp_path: Path) -> None:
    of = document(SERVICES[0])
    for operation in of["paths"]["/media/{id}"].values():
        del operation["parameters"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(of))
    assert validated(broken).returncode != 0


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_operation_is_told_of_once(service: Service) -> None:
    told = [
        (method.upper(), path, operation["operationId"])
        for path, operations in document(service)["paths"].items()
        for method, operation in operations.items()
    ]
    own = [(one.method, one.path, one.name) for _, one in declarations(service)]
    assert sorted(told) == sorted(own)
    assert len({name for _, _, name in told}) == len(told)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_problem_that_an_endpoint_declares_is_told_of(service: Service) -> None:
    of = document(service)
    for found in declared(service, "api", Endpoint):
        endpoint = found.declaration
        responses = of["paths"][endpoint.path][endpoint.method.lower()]["responses"]
        for problem in refusals(endpoint):
            schema = responses[str(problem.status)]["content"]["application/problem+json"]["schema"]
            raised = problem.__new__(problem)  # whatever it takes to be made
            Problem.__init__(raised, "this time")
            told = raised.document("call-1")
            assert _fits(of, schema, told), (found.handler, problem)
            assert not _fits(of, schema, told | {"type": "/problems/other"})


def _fits(of: Document, schema: Document, value: Any) -> bool:
    return Draft202012Validator(schema | {"components": of["components"]}).is_valid(value)


@pytest.mark.parametrize(("service", "name", "declaration"), EACH)
def test_every_endpoint_has_examples_that_are_true(
    service: Service, name: str, declaration: Declaration
) -> None:
    path, requests, answer = Examples(service).of(name)
    parameters = {part[1:-1] for part in declaration.path.split("/") if part.startswith("{")}
    missing = f"add services/{service.name}/examples/{name.replace('-', '_')}.json"
    assert path.keys() == parameters, missing
    assert bool(requests) == bool(declaration.body), missing
    assert (answer is not None) == bool(declaration.answer), missing
    for body in requests.values():
        if declaration.body:
            declaration.body.model_validate_json(json.dumps(body))
    if declaration.answer:
        _hold(declaration.answer, answer)


def _hold(model: type[BaseModel], answer: Any) -> None:
    """Check that an answer is just as the model writes it, with no field too many or too few."""
    assert json.loads(model.model_validate_json(json.dumps(answer)).model_dump_json()) == answer


def test_no_file_of_examples_is_of_no_endpoint() -> None:
    known = {
        (service.name, name.replace("-", "_"))
        for service in SERVICES
        for name, _ in declarations(service)
    }
    there = {
        (service.name, file.stem)
        for service in SERVICES
        for file in (service.folder / "examples").iterdir()
    }
    assert there <= known


def schemas(value: Any) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from schemas(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from schemas(inner)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_reference_leads_somewhere_and_every_schema_is_referred_to(service: Service) -> None:
    of = document(service)
    referred = {ref.removeprefix("#/components/schemas/") for ref in schemas(of)}
    assert referred == of["components"]["schemas"].keys()
