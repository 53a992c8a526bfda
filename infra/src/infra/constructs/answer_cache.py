"""Answers that a REST API on AWS repeats for a while, to the caller who got them."""

import re
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from constructs import IConstruct

from runtime.endpoint import Endpoint

SIZE: Final = "0.5"  # GB, the smallest; by the hour, used or not
_CALLER: Final = "method.request.header.Authorization"


def cache_key(endpoint: Endpoint) -> list[str]:
    """Return what two requests must have in common to get one answer; nothing if none is kept.

    The token is part of it: it says tenant and role, and nobody else has it.
    """
    if not endpoint.cached_seconds:
        return []
    fields = endpoint.query.model_fields.items()
    return [
        *(f"method.request.path.{name}" for name in re.findall(r"{(\w+)}", endpoint.path)),
        *(f"method.request.querystring.{field.alias or name}" for name, field in fields),
        _CALLER,
    ]


def known_by_key(endpoint: Endpoint) -> dict[str, bool]:
    """Return the parameters that the gateway must know for the key, and whether it asks for them.

    A request without a token has been refused before; who says so is the authorizer.
    """
    return {name: ".path." in name for name in cache_key(endpoint) if ".querystring." not in name}


def keep_answers(stage: IConstruct | None, endpoint: Endpoint) -> None:
    """Let a stage's cache keep the answers of one method, and of no other.

    Who says ``Cache-Control: max-age=0`` gets what is kept, as anybody else: to ask anew takes the
    permission `execute-api:InvalidateCache`, which the authorizer gives to nobody. (That it takes
    one is API Gateway's default, ``requireAuthorizationForCacheControl``, for which CloudFormation
    has no word.)

    Parameters
    ----------
    stage
        The API's CfnStage, with the settings of all methods.
    endpoint
        Whose answers, for its `cached_seconds`.
    """
    if not isinstance(stage, apigateway.CfnStage) or not isinstance(stage.method_settings, list):
        raise TypeError("not the stage of an API with settings of its own")
    (all_methods, *_) = settings = stage.method_settings
    if not isinstance(all_methods, apigateway.CfnStage.MethodSettingProperty):
        raise TypeError("not the settings of all methods")
    stage.cache_cluster_enabled = True
    stage.cache_cluster_size = SIZE
    own = apigateway.CfnStage.MethodSettingProperty(
        http_method=endpoint.method,
        resource_path="/" + endpoint.path.replace("/", "~1"),
        caching_enabled=True,
        cache_ttl_in_seconds=endpoint.cached_seconds,
        cache_data_encrypted=True,
        # A method with settings of its own has none of the others'.
        data_trace_enabled=all_methods.data_trace_enabled,
        logging_level=all_methods.logging_level,
        metrics_enabled=all_methods.metrics_enabled,
        throttling_burst_limit=all_methods.throttling_burst_limit,
        throttling_rate_limit=all_methods.throttling_rate_limit,
    )
    stage.method_settings = [*settings, own]
