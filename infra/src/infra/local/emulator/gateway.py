"""Corrections of what API Gateway tells its callers."""

import json
from typing import Any

from .explanation import explain
from .private import FUNCTIONS, REST_API, find, function, put

INTERNAL_ERROR = "Internal server error"
BAD_GATEWAY = 502
VARIABLE = b"$context.error.validationErrorString"


def hide_the_errors_of_functions() -> None:
    """Tell callers no more than AWS does when a function fails.

    Stock answers with the error's type and message. AWS says `Internal server error`, and a
    REST API says it by its gateway response for 5XX.
    """
    shape = function(FUNCTIONS, "lambda_execute_result_to_api_proxy_response", "exec_result")
    invoke = find(REST_API, "_invoke_lambda_proxy_v1")
    gateway_error = function(REST_API, "_gw_error", "response_type", "message")

    def shape_response(result: Any) -> Any:
        answer = shape(result)
        if result.get("error") and answer[0] and answer[0].get("statusCode") == BAD_GATEWAY:
            answer[0]["body"] = json.dumps({"message": INTERNAL_ERROR})
        return answer

    hidden = json.dumps({"message": json.dumps({"message": INTERNAL_ERROR})}).encode()

    async def invoke_lambda_proxy(*args: Any, **named: Any) -> Any:
        answer = await invoke(*args, **named)
        if isinstance(answer, tuple) and (answer[0], answer[2]) == (BAD_GATEWAY, hidden):
            return gateway_error("DEFAULT_5XX", INTERNAL_ERROR)
        return answer

    put(FUNCTIONS, "lambda_execute_result_to_api_proxy_response", shape_response)
    put(REST_API, "_invoke_lambda_proxy_v1", invoke_lambda_proxy)


def explain_invalid_requests() -> None:
    """Fill `$context.error.validationErrorString` in, in AWS's words.

    Stock leaves the variable's name in the body: nobody learns what is wrong with a request.
    """
    check = function(
        REST_API,
        "_check_request_validation",
        *("method_obj", "api_id", "request", "headers", "body", "query_params"),
    )
    model = function(REST_API, "_model_schema", "api_id", "model_name")
    render = function(REST_API, "_gateway_error_response", "error", "request")

    def check_request_validation(method: Any, api: Any, *request: Any) -> Any:
        error = check(method, api, *request)
        if error is not None:
            error.explanation = error.message
            name = (method.get("requestModels") or {}).get("application/json")
            if error.response_type == "BAD_REQUEST_BODY" and name:
                _, __, body, ___ = request
                error.explanation = explain(model(api, name), body)
        return error

    def gateway_error_response(error: Any, request: Any) -> Any:
        status, headers, body = render(error, request)
        text = json.dumps(getattr(error, "explanation", ""))[1:-1]
        return status, headers, body.replace(VARIABLE, text.encode())

    put(REST_API, "_check_request_validation", check_request_validation)
    put(REST_API, "_gateway_error_response", gateway_error_response)


CORRECTIONS = (hide_the_errors_of_functions, explain_invalid_requests)
