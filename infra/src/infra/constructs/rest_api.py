"""A REST API made from the endpoints that a service declares."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.answer_cache import cache_key, keep_answers, known_by_key
from infra.constructs.arns import arn, domain, partition, region
from infra.constructs.function import Function, log_group
from infra.constructs.gateway import REST, gateway_seen
from infra.constructs.problems import add_refusals
from infra.constructs.queue import WorkQueue
from infra.constructs.queue_integration import integration, responses
from infra.constructs.reasons import acknowledge
from infra.constructs.request_model import request_model, whole_model
from infra.discovery import titled
from infra.stages import Stage
from runtime.endpoint import Endpoint
from runtime.queued import Queued

PATH: Final = "live"
"""The API's only stage, which is the first part of every URL's path."""

REQUESTS_PER_SECOND: Final = 500
BURST: Final = 1000
_CACHE = Duration.minutes(5)
_CORS = apigateway.CorsOptions(
    allow_origins=["*"],
    allow_methods=["GET", "POST", "PUT", "DELETE"],
    allow_headers=[
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "Traceparent",
        "X-Correlation-Id",
    ],
    max_age=Duration.hours(1),
)
# Ids and numbers only: neither bodies nor addresses.
ACCESS_LOG: Final = json.dumps(
    {
        "request_id": "$context.requestId",
        "time": "$context.requestTimeEpoch",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "tenant": "$context.authorizer.tenant",
        "error": "$context.error.responseType",
    }
)
_AUTHORIZED: Final = (
    "AwsSolutions-COG4",
    "the stage's own authorizer verifies the pool's tokens, and those of any OIDC issuer",
)
_SIGNED: Final = tuple(
    (rule, "its callers are no users: each signs what it sends, and the function verifies that")
    for rule in ("AwsSolutions-APIG4", "AwsSolutions-COG4")
)


class RestApi(Construct):
    """An API Gateway REST API in front of a service's endpoints.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, service
        Which name it.
    authorizer_arn
        ARN of the stage's authorizer function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        service: str,
        authorizer_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        name = stage.named(service)
        access = log_group(self, "AccessLogs", stage=stage, name=f"/starling/{name}/access")
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            cloud_watch_role=False,  # one an account: the platform's stack sets it
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            default_cors_preflight_options=_CORS,
            deploy_options=apigateway.StageOptions(
                stage_name=PATH,
                access_log_destination=apigateway.LogGroupLogDestination(access),
                access_log_format=apigateway.AccessLogFormat.custom(ACCESS_LOG),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                metrics_enabled=True,
                throttling_rate_limit=REQUESTS_PER_SECOND,
                throttling_burst_limit=BURST,
                tracing_enabled=True,
                caching_enabled=False,
            ),
        )
        self._keeps_answers = not stage.local
        self.api.node.try_remove_child("Endpoint")  # an output; the stack has its own
        self.id = self.api.rest_api_id
        gateway_seen(self, stage, service, REST, name)
        acknowledge(
            self.api.deployment_stage,
            "AwsSolutions-APIG3",
            "throttled, and closed without a token; a web ACL is the account's own choice",
        )
        add_refusals(self.api)
        self._authorizer = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            handler=lambda_.Function.from_function_attributes(
                self,
                "AuthorizerFunction",
                function_arn=authorizer_arn,
                skip_permissions=True,  # the platform's stack lets every API of the account call it
            ),
            results_cache_ttl=_CACHE,
            # Anything else is refused before the function is asked.
            validation_regex=r"^[Bb]earer [-0-9A-Za-z_]+\.[-0-9A-Za-z_]+\.[-0-9A-Za-z_]+$",
        )
        self._validator = apigateway.RequestValidator(
            self,
            "Validator",
            rest_api=self.api,
            validate_request_body=True,
            validate_request_parameters=True,
        )

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"https://{self.id}.execute-api.{region()}.{domain()}/{PATH}"

    def add(self, name: str, endpoint: Endpoint, function: Function) -> None:
        """Route an endpoint to its function.

        Parameters
        ----------
        name
            The endpoint's name with hyphens.
        endpoint
            The declaration: method, path, models.
        function
            What answers.
        """
        resource = self.api.root.resource_for_path(endpoint.path)
        cached = self._keeps_answers and endpoint.cached_seconds > 0
        method = resource.add_method(
            endpoint.method,
            self._integration(function, cache_key(endpoint) if cached else None),
            authorizer=self._authorizer if endpoint.token else None,
            operation_name=endpoint.name,
            request_validator=self._validator,
            request_parameters=_parameters(endpoint) | (known_by_key(endpoint) if cached else {}),
            request_models=self._models(name, endpoint),
        )
        if cached:
            keep_answers(self.api.deployment_stage.node.default_child, endpoint)
        # With any text for the path's parameters.
        path = re.sub(r"{\w+}", "*", endpoint.path)
        function.allow(
            "Api",
            "apigateway.amazonaws.com",
            arn("execute-api", f"{self.id}/{PATH}/{endpoint.method}{path}"),
        )
        for reason in (_AUTHORIZED,) if endpoint.token else _SIGNED:
            acknowledge(method, *reason)

    def add_queued(self, name: str, route: Queued[Any], queue: WorkQueue) -> None:
        """Route an endpoint that is no function to its queue.

        Parameters
        ----------
        name
            The endpoint's name with hyphens.
        route
            The declaration: method, path, model.
        queue
            Where its requests go.
        """
        title = titled(name)
        method = self.api.root.resource_for_path(route.path).add_method(
            route.method,
            integration(Construct(self, title), queue),
            authorizer=self._authorizer,
            operation_name=route.name,
            request_validator=self._validator,
            request_models=self._model(title, whole_model(route.body)),
            method_responses=responses(),
        )
        acknowledge(method, *_AUTHORIZED)

    def _integration(
        self, function: Function, cache_key: list[str] | None
    ) -> apigateway.Integration:
        path = f"path/2015-03-31/functions/{function.arn}/invocations"
        return apigateway.Integration(
            type=apigateway.IntegrationType.AWS_PROXY,
            options=apigateway.IntegrationOptions(cache_key_parameters=cache_key),
            integration_http_method="POST",
            uri=f"arn:{partition()}:apigateway:{region()}:lambda:{path}",
        )

    def _models(self, name: str, endpoint: Endpoint) -> Mapping[str, apigateway.IModel] | None:
        if endpoint.body is None:
            return None
        return self._model(titled(name), request_model(endpoint.body))

    def _model(self, title: str, schema: dict[str, Any]) -> Mapping[str, apigateway.IModel]:
        model = apigateway.CfnModel(
            self,
            f"{title}Model",
            rest_api_id=self.id,
            name=title,
            content_type="application/json",
            schema=schema,
        )
        deployment = self.api.latest_deployment
        if deployment is not None:
            # A deployment is a snapshot: a changed model needs a new one, made after it.
            deployment.add_to_logical_id({"model": title, "schema": schema})
            deployment.node.add_dependency(model)
        reference = apigateway.Model.from_model_name(self, f"{title}ModelName", model.ref)
        return {"application/json": reference}


def _parameters(endpoint: Endpoint) -> dict[str, bool]:
    """Return the query parameters that the gateway knows, and whether it insists on them."""
    fields: dict[str, Any] = endpoint.query.model_fields
    return {
        f"method.request.querystring.{field.alias or name}": field.is_required()
        for name, field in fields.items()
    }
