"""The connection to the engine, and the names of what is in it.

Waiting is short: who feeds has a retry queue, and who searches has a person waiting.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import cache
from threading import Thread
from typing import TypeVar

import botocore.session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException
from urllib3 import Timeout

from runtime.settings import URL, read

T = TypeVar("T")

ALIAS = "starling-documents"
"""What is searched and written; it names one index, whose content the file of its name says."""

INDEX = "starling-documents-v3"

NOT_THERE = "index_not_found_exception"
"""The engine's word for an index, or an alias, that there is not."""

TIMEOUT = Timeout(connect=1.0, read=4.0)
"""Of a request that writes."""

SEARCH_SECONDS = 1.5
"""All that the engine may take for one answer, so that whoever searches hears within 2 seconds."""

SEARCH_TIMEOUT = Timeout(connect=0.5, total=SEARCH_SECONDS)
"""Of a request that searches (its ``request_timeout``), within `answered`."""


@cache
def connected() -> OpenSearch:
    """Return a client of the engine that ``SEARCH_ENDPOINT`` names, the same for the process."""
    endpoint = read("SEARCH_ENDPOINT", URL)
    return OpenSearch(
        hosts=[endpoint],
        http_auth=_signer() if endpoint.startswith("https:") else None,
        timeout=TIMEOUT,
        max_retries=0,
    )


def _signer() -> Urllib3AWSV4SignerAuth:
    """Return what signs requests with the function's role, as a domain on AWS asks."""
    session = botocore.session.Session()
    return Urllib3AWSV4SignerAuth(
        session.get_credentials(), session.get_config_variable("region"), "es"
    )


def reason(error: OpenSearchException) -> str:
    """Return what went wrong with a whole request, without its body."""
    status = getattr(error, "status_code", "")
    return f"{type(error).__name__} {status}".strip()


def answered(ask: Callable[[], T], seconds: float = SEARCH_SECONDS) -> T:
    """Return what the engine answers, if it does so in time.

    The timeouts of a request bound neither looking up its host's name, nor the number of the
    addresses that are tried, nor an answer that comes byte by byte: so it is waited for from
    outside. What is given up ends by itself, and disturbs nothing.

    Parameters
    ----------
    ask
        Makes the requests, one or several, with `SEARCH_TIMEOUT` each.
    seconds
        How long all of them may take.

    Raises
    ------
    ConnectionTimeout
        They took longer.
    """
    said: Future[T] = Future()

    def listen() -> None:
        try:
            said.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - it is raised where it was asked
            said.set_exception(error)

    Thread(target=copy_context().run, args=(listen,), daemon=True).start()
    try:
        return said.result(timeout=seconds)
    except TimeoutError as late:
        raise ConnectionTimeout("TIMEOUT", f"no answer within {seconds} s", late) from None
