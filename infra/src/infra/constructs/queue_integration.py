"""What of a REST API's route is a queue: the request goes into it as a message, by no function."""

import json
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.arns import account, partition, region
from infra.constructs.function import assumed_by, policy
from infra.constructs.queue import WorkQueue
from infra.refusals import Refusal, document
from runtime import problems
from runtime.problems import Problem
from runtime.queued import FORWARDED, HEADERS, MAX_MESSAGE_BYTES, TENANT, USER

RETRY_AFTER_SECONDS: Final = 1

_JSON: Final = "application/json"
# As on the functions' own answers: tokens travel in a header, so any origin may ask.
_ANSWERED: Final = {
    "Access-Control-Allow-Origin": "'*'",
    "Cache-Control": "'no-store'",
    "X-Content-Type-Options": "'nosniff'",
}
_ACCEPTED: Final = json.dumps(
    {"id": "$input.path('$.SendMessageResponse.SendMessageResult.MessageId')"}
)
# All that SQS calls the sender's fault has this status.
_REFUSED: Final = "400"
_TAKEN: Final = r"2\d{2}"


def request_template() -> str:
    """Return what makes the request a call of SQS, in Velocity as API Gateway reads it.

    Each value is encoded, so that none can say more than its own. The headers are one attribute,
    because an attribute may not be empty. The gateway may tell capital letters in their names
    apart, and clients of HTTP/2 send small ones: each is asked for in both spellings.
    """
    spellings = [name for header in FORWARDED for name in (header, header.lower())]
    form = "&".join(f"{n}=$util.urlEncode($input.params('{n}'))" for n in spellings)
    attributes = {
        TENANT: f"$context.authorizer.{TENANT}",
        USER: f"$context.authorizer.{USER}",
        HEADERS: "$headers",
    }
    parts = ["Action=SendMessage", "MessageBody=$util.urlEncode($input.body)"]
    for number, (name, value) in enumerate(attributes.items(), 1):
        prefix = f"MessageAttribute.{number}"
        parts += [
            f"{prefix}.Name={name}",
            f"{prefix}.Value.DataType=String",
            f"{prefix}.Value.StringValue=$util.urlEncode({value})",
        ]
    return f'#set($headers = "{form}")\n' + "&".join(parts)


def integration(scope: Construct, queue: WorkQueue) -> apigateway.Integration:
    """Return a route's integration with a queue, and make the role by which it sends.

    Parameters
    ----------
    scope
        Where in the tree, for this alone.
    queue
        Where the requests go.
    """
    sending = [grant.statement() for grant in queue.sending("QUEUE_URL").grants]
    role = iam.CfnRole(
        scope,
        "Role",
        assume_role_policy_document=assumed_by("apigateway.amazonaws.com"),
        policies=[
            iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy(sending))
        ],
    )
    return apigateway.Integration(
        type=apigateway.IntegrationType.AWS,
        integration_http_method="POST",
        uri=f"arn:{partition()}:apigateway:{region()}:sqs:path/{account()}/{queue.name}",
        options=apigateway.IntegrationOptions(
            credentials_role=iam.Role.from_role_arn(
                scope, "Credentials", role.attr_arn, mutable=False
            ),
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_parameters={
                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
            },
            request_templates={_JSON: request_template()},
            integration_responses=[
                _response("202", _TAKEN, _ACCEPTED, {"Retry-After": f"'{RETRY_AFTER_SECONDS}'"}),
                _refusal(
                    _REFUSED,
                    problems.TooLarge,
                    f"over {MAX_MESSAGE_BYTES} bytes with its headers, or with a character that no "
                    "message may have",
                ),
                # Whatever else it says is our fault.
                _refusal(None, problems.InternalError, "the request was not taken: try again"),
            ],
        ),
    )


def responses() -> list[apigateway.MethodResponse]:
    """Return the answers of such a route, with their headers: the gateway gives no others."""
    kinds = {
        "202": [*_ANSWERED, "Retry-After"],
        str(problems.TooLarge.status): [*_ANSWERED, "Content-Type"],
        str(problems.InternalError.status): [*_ANSWERED, "Content-Type"],
    }
    return [
        apigateway.MethodResponse(
            status_code=status,
            response_parameters={f"method.response.header.{name}": True for name in names},
        )
        for status, names in kinds.items()
    ]


def _refusal(
    pattern: str | None, problem: type[Problem], detail: str
) -> apigateway.IntegrationResponse:
    refusal = Refusal("", problem.status, problem.type, problem.title, detail)
    kind = {"Content-Type": f"'{problems.CONTENT_TYPE}'"}
    return _response(str(problem.status), pattern, document(refusal), kind)


def _response(
    status: str, pattern: str | None, template: str, headers: dict[str, str]
) -> apigateway.IntegrationResponse:
    return apigateway.IntegrationResponse(
        status_code=status,
        selection_pattern=pattern,
        response_parameters={
            f"method.response.header.{name}": value for name, value in (_ANSWERED | headers).items()
        },
        response_templates={_JSON: template},
    )
