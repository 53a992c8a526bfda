"""The stages that the architecture is judged by."""

import pytest

from infra.discovery import declared, services
from runtime.endpoint import Endpoint
from tests.synthesis import Assembly, synthesised

# `prod` has what only a protected stage has, `dev` what only a disposable one on AWS has.
AWS_STAGES = ("prod", "dev")


@pytest.fixture(scope="session", params=AWS_STAGES)
def assembly(request: pytest.FixtureRequest) -> Assembly:
    return synthesised(request.param)


@pytest.fixture(scope="session")
def prod() -> Assembly:
    return synthesised("prod")


@pytest.fixture(scope="session")
def endpoints() -> dict[str, Endpoint]:
    """The declared endpoints by what Lambda calls."""
    return {
        found.handler: found.declaration
        for service in services()
        for found in declared(service, "api", Endpoint)
    }
