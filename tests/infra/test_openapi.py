"""The OpenAPI documents tell of the gateways that there are."""

import pytest

from infra.discovery import Service, services
from infra.openapi import document
from tests.synthesis import synthesised


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_what_the_gateway_says_by_itself_is_told_of_where_it_is_that_gateway(
    service: Service,
) -> None:
    template = synthesised("dev").templates[service.name]
    of_its_own = list(template.resources("AWS::ApiGatewayV2::Api"))
    assert len(of_its_own) + len(list(template.resources("AWS::ApiGateway::RestApi"))) == 1
    for operations in document(service)["paths"].values():
        for operation in operations.values():
            kinds = operation["responses"]["401"]["content"].keys()
            assert ("application/json" in kinds) == bool(of_its_own)
