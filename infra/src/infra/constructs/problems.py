"""Makes a REST API refuse by problem details."""

from functools import cache
from typing import Final

from aws_cdk import aws_apigateway as apigateway

from infra.refusals import REFUSALS, document
from runtime.problems import CONTENT_TYPE

# As on the functions' own answers: tokens travel in a header, so any origin may ask.
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "'*'",
    "Cache-Control": "'no-store'",
    "Content-Type": f"'{CONTENT_TYPE}'",
    "X-Correlation-Id": "context.requestId",
}


@cache
def _response_type(name: str) -> apigateway.ResponseType:
    return apigateway.ResponseType.of(name)


def add_refusals(api: apigateway.RestApi) -> None:
    """Make an API refuse by problem details."""
    for refusal in REFUSALS:
        api.add_gateway_response(
            refusal.type.title().replace("_", ""),
            type=_response_type(refusal.type),
            status_code=str(refusal.status),
            response_headers=_HEADERS,
            templates={"application/json": document(refusal)},
        )
