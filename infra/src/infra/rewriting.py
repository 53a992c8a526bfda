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


def _find(pattern: str, source: str) -> str:
    match = re.search(pattern, source, re.MULTILINE)
    if match is None:
        raise Unrecognised(f"has nothing like {pattern!r}")
    return match[0]


_REWRITINGS: dict[str, Callable[[str], str]] = {
    "botocore/docs/__init__.py": _no_documenters,
    "botocore/docs/docstring.py": _no_docstrings,
    "pydantic/plugin/_loader.py": _no_plugins,
    "pydantic_core/core_schema.py": _plain_typed_dicts,
    "urllib3/http2/__init__.py": _no_http2,
}
