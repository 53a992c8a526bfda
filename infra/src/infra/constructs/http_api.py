"""An HTTP API made from the endpoints that a service declares; it checks JWTs by itself."""

import json
import re

from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import Construct

from infra.constructs.arns import arn, domain, region
from infra.constructs.function import Function, log_group
from infra.constructs.gateway import HTTP, gateway_seen
from infra.constructs.rest_api import BURST, REQUESTS_PER_SECOND
from infra.discovery import titled
from infra.stages import Stage
from runtime.endpoint import Endpoint

# Ids and numbers only: neither queries nor addresses.
ACCESS_LOG = json.dumps(
    {
        "request_id": "$context.requestId",
        "time": "$context.requestTimeEpoch",
        "route": "$context.routeKey",
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "tenant": "$context.authorizer.claims.custom:tenant",
        "error": "$context.error.responseType",
    }
)


class HttpApi(Construct):
    """An API Gateway HTTP API in front of a service's endpoints.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, service
        Which name it.
    issuer, audience
        What a token must say.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        service: str,
        issuer: str,
        audience: str,
    ) -> None:
        super().__init__(scope, construct_id)
        name = stage.named(service)
        api = apigateway.CfnApi(
            self,
            "Api",
            name=name,
            protocol_type="HTTP",
            cors_configuration=apigateway.CfnApi.CorsProperty(
                allow_origins=["*"],
                allow_methods=["GET", "POST", "PUT", "DELETE"],
                allow_headers=[
                    "authorization",
                    "content-type",
                    "if-none-match",
                    "traceparent",
                    "x-correlation-id",
                ],
                # What functions say of it, an HTTP API with a configuration of its own drops.
                expose_headers=["etag", "retry-after", "x-correlation-id"],
                max_age=3600,
            ),
        )
        self.id = api.ref
        gateway_seen(self, stage, service, HTTP, self.id)
        access = log_group(self, "AccessLogs", stage=stage, name=f"/starling/{name}/access")
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access.attr_arn, format=ACCESS_LOG
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_PER_SECOND,
                throttling_burst_limit=BURST,
                detailed_metrics_enabled=True,
            ),
        )
        self._authorizer = apigateway.CfnAuthorizer(
            self,
            "Authorizer",
            api_id=self.id,
            name="jwt",
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=apigateway.CfnAuthorizer.JWTConfigurationProperty(
                issuer=issuer, audience=[audience]
            ),
        )

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"https://{self.id}.execute-api.{region()}.{domain()}"

    def add(self, name: str, endpoint: Endpoint, function: Function) -> None:
        """Route an endpoint to its function.

        Parameters
        ----------
        name
            The endpoint's name with hyphens.
        endpoint
            The declaration: method, path.
        function
            What answers.
        """
        title = titled(name)
        integration = apigateway.CfnIntegration(
            self,
            f"{title}Integration",
            api_id=self.id,
            integration_type="AWS_PROXY",
            integration_uri=function.arn,
            payload_format_version="2.0",
        )
        apigateway.CfnRoute(
            self,
            f"{title}Route",
            api_id=self.id,
            route_key=f"{endpoint.method} {endpoint.path}",
            authorization_type="JWT",
            authorizer_id=self._authorizer.ref,
            target=f"integrations/{integration.ref}",
        )
        # With any text for the path's parameters.
        path = re.sub(r"{\w+}", "*", endpoint.path)
        function.allow(
            "Api",
            "apigateway.amazonaws.com",
            arn("execute-api", f"{self.id}/*/*{path}"),
        )
