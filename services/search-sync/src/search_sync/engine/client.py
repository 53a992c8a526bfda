"""The connection to the engine, and the names of what is in it.

Waiting is short: who feeds has a retry queue, and who searches has a person waiting.
"""

from functools import cache

import botocore.session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
from opensearchpy.exceptions import OpenSearchException
from urllib3 import Timeout

from runtime.settings import URL, read

ALIAS = "starling-documents"
"""What is searched and written; it names one index, whose content the file of its name says."""

INDEX = "starling-documents-v2"

NOT_THERE = "index_not_found_exception"
"""The engine's word for an index, or an alias, that there is not."""

TIMEOUT = Timeout(connect=1.0, read=4.0)


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
