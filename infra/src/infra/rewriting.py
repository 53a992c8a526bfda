"""Rewrites the few modules of dependencies that cost start-up for what no function uses.

Together they are a fifth of a function's start (docs/decisions, 0016). What a rewriting replaces
must be there as it was when the rewriting was written, so that a new release of a dependency is
looked at, not broken.
"""

import re
from collections.abc import Callable
from pathlib import Path


class Unrecognised(RuntimeError):
    """A dependency that does not look any more like what is rewritten of it."""


def rewrite(root: Path) -> None:
    """Rewrite what is installed of the modules that are known here, in place.

    Parameters
    ----------
    root
        Where distributions are installed.

    Raises
    ------
    Unrecognised
        A package is there, its module or the part to rewrite is not.
    """
    for name, rewriting in _REWRITINGS.items():
        path = root / name
        if not (root / name.partition("/")[0]).is_dir():
            continue
        if not path.is_file():
            raise Unrecognised(f"there is no {name}")
        try:
            path.write_text(rewriting(path.read_text(encoding="utf-8")), encoding="utf-8")
        except Unrecognised as unknown:
            raise Unrecognised(f"{name} {unknown}") from None


def _no_documenters(source: str) -> str:
    """Import no documentation generator, which nothing asks for when docstrings are empty."""
    _find(r"^from botocore\.docs\.service import ServiceDocumenter$", source)
    return ""


def _no_docstrings(source: str) -> str:
    """Give clients' methods no docstrings."""
    _find(r"^class ClientMethodDocstring\b", source)
    return """\
class _NoDocstring(str):
    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)


ClientMethodDocstring = PaginatorDocstring = WaiterDocstring = _NoDocstring
"""


def _no_plugins(source: str) -> str:
    """Look for no plugins of pydantic: looking reads the metadata of all that is installed."""
    _find(r"^def get_plugins\(", source)
    return "def get_plugins():\n    return ()\n"


def _no_http2(source: str) -> str:
    """Import no `importlib.metadata` for HTTP/2, which no client here speaks."""
    _find(r"^def inject_into_urllib3\(", source)
    return ""


def _plain_typed_dicts(source: str) -> str:
    """Make typed dicts plain at run time: each compiles its fields' types, which nobody reads."""
    block = _find(
        r"^if sys\.version_info < \(3, 12\):\n    from typing_extensions import TypedDict\n"
        r"else:\n    from typing import TypedDict\n",
        source,
    )
    plain = """\
class TypedDict(dict):
    def __init_subclass__(cls, **_):
        pass

    def __new__(cls, *args, **kwargs):
        return dict(*args, **kwargs)
"""
    return source.replace(block, plain)


# opensearch-py, of which `trimming` leaves the client over urllib3, its search, bulk and indices.


def _client_alone(source: str) -> str:
    """Export the client and what it is made of, not what builds queries and documents."""
    return _replaced(
        source,
        (r"^    RequestsHttpConnection,\n", ""),
        (r"^    connections,\n", ""),
        (
            r"^from \.helpers import AWSV4SignerAuth, RequestsAWSV4SignerAuth, ",
            "from .helpers.signer import ",
        ),
        (r"^from \.helpers\.aggs import A\n[\s\S]*?^(?=from \.metrics )", ""),
        (r"^from \.metrics import Metrics, MetricsEvents,", "from .metrics import Metrics,"),
        (r"^__all__ = \[[\s\S]*\Z", ""),  # and the asynchronous client
    )


def _few_parts_of_the_api(source: str) -> str:
    """Know of the engine's API what is the client's own, `http` and `indices`."""
    for pattern in (
        r"^from \.(?!http\b|indices\b)\w+ import \w+Client\n",
        r"^        self\.(?!http\b|indices\b)\w+ = \w+Client\(self\)\n",
    ):
        _find(pattern, source)
        source = re.sub(pattern, "", source, flags=re.MULTILINE)
    return source


def _no_requests(source: str) -> str:
    """Connect by urllib3 alone."""
    return _replaced(
        source,
        (r"^from \.http_requests import RequestsHttpConnection\n", ""),
        (r'^    "RequestsHttpConnection",\n', ""),
        (r"^try:\n    from \.http_async import[\s\S]*\Z", ""),
    )


def _no_helpers(source: str) -> str:
    """Import none of the helpers before one is asked for."""
    _find(r"^from \.signer import ", source)
    return ""


def _one_signer(source: str) -> str:
    """Sign what urllib3 sends."""
    return _replaced(
        source,
        (r"^import requests\n", ""),
        (r"^class RequestsAWSV4SignerAuth[\s\S]*?^(?=class Urllib3AWSV4SignerAuth)", ""),
    )


def _no_events(source: str) -> str:
    """Keep no metrics."""
    return _replaced(
        source,
        (r"^from \.metrics_events import MetricsEvents\n", ""),
        (r'^    "MetricsEvents",\n', ""),
    )


def _no_asyncio(source: str) -> str:
    """Wait for no cancellation of coroutines: there are none."""
    return _replaced(source, (r"^try:\n    import asyncio\n[\s\S]*?^    pass\n", ""))


def _replaced(source: str, *each: tuple[str, str]) -> str:
    """Replace what each pattern finds first; it must find something."""
    for pattern, instead in each:
        _find(pattern, source)
        source = re.sub(pattern, instead, source, count=1, flags=re.MULTILINE)
    return source


def _find(pattern: str, source: str) -> str:
    match = re.search(pattern, source, re.MULTILINE)
    if match is None:
        raise Unrecognised(f"has nothing like {pattern!r}")
    return match[0]


_REWRITINGS: dict[str, Callable[[str], str]] = {
    "botocore/docs/__init__.py": _no_documenters,
    "botocore/docs/docstring.py": _no_docstrings,
    "opensearchpy/__init__.py": _client_alone,
    "opensearchpy/client/__init__.py": _few_parts_of_the_api,
    "opensearchpy/compat.py": _no_asyncio,
    "opensearchpy/connection/__init__.py": _no_requests,
    "opensearchpy/helpers/__init__.py": _no_helpers,
    "opensearchpy/helpers/signer.py": _one_signer,
    "opensearchpy/metrics/__init__.py": _no_events,
    "pydantic/plugin/_loader.py": _no_plugins,
    "pydantic_core/core_schema.py": _plain_typed_dicts,
    "urllib3/http2/__init__.py": _no_http2,
}
