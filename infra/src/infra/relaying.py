"""Speaks to a private search engine through the function that passes requests on."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from opensearchpy import Connection
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ConnectionTimeout

from infra.errors import StarlingError
from search_sync.operations.relay_requests import MOST_BYTES, TOO_LARGE, Answer, pack, unpack


class RelayConnection(Connection):
    """A connection of opensearch-py that invokes the function.

    That waits for the engine as long as an operator would: a request's own timeout, which is
    meant for functions, does not count. An invocation that fails is an engine that is not there.

    Parameters
    ----------
    functions
        A client of Lambda.
    relay
        The function's name.
    """

    def __init__(self, *, functions: Any, relay: str, **more: Any) -> None:
        super().__init__(**more)
        self._functions = functions
        self._relay = relay

    def close(self) -> None:
        """Let go of what leads to the function."""
        self._functions.close()

    def perform_request(  # noqa: PLR0917 - as opensearch-py has it
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        timeout: Any = None,  # noqa: ARG002 - see above
        ignore: Collection[int] = (),
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - the relay's own are those
    ) -> tuple[int, dict[str, str], str]:
        """Return status, headers and body of the engine's answer.

        Raises
        ------
        StarlingError
            The request or its answer is too large, or the operator may not make it.
        TransportError
            The engine refuses it, or there is no answer.
        """
        asked = {
            "method": method,
            "path": url,
            "query": urlencode(params or {}),
            "body": None if body is None else pack(body),
        }
        payload = json.dumps(asked).encode()
        told = self._invoke(payload) if len(payload) <= MOST_BYTES else None
        answer = told and Answer.model_validate(told)
        if answer is None or answer.status == TOO_LARGE:
            raise StarlingError(
                f"What {method} {url} asks or answers is larger than a function takes: "
                f"{MOST_BYTES:,} bytes, packed."
            )
        text = unpack(answer.body).decode("utf-8", "surrogatepass")
        if not 200 <= answer.status < 300 and answer.status not in ignore:  # noqa: PLR2004 - HTTP's successes
            self._raise_error(answer.status, text, answer.type)
        return answer.status, {"content-type": answer.type} if answer.type else {}, text

    def _invoke(self, payload: bytes) -> Any:
        try:
            answer = self._functions.invoke(FunctionName=self._relay, Payload=payload)
            told = json.loads(answer["Payload"].read())
        except ReadTimeoutError as error:
            raise ConnectionTimeout("TIMEOUT", str(error), error) from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code.startswith("AccessDenied"):
                raise StarlingError(
                    f"AWS does not let you speak to the search engine: {error}",
                    "You need to be allowed to take the stage's operator role.",
                ) from None
            raise NoConnection(code, str(error), error) from error
        except (BotoCoreError, OSError, ValueError) as error:
            raise NoConnection(type(error).__name__, str(error), error) from error
        if "FunctionError" in answer:
            raise NoConnection(
                str(told.get("errorType", "FunctionError")), "the relay failed", told
            )
        return told
