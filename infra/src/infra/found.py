"""Prints what a search has found, with the words that were looked for."""

import html
import re
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_TAGS = re.compile("(</?em>)")
_STYLE = "bold yellow"


def shown(results: dict[str, Any], console: Console | None = None) -> None:
    """Print a table of the results.

    Parameters
    ----------
    results
        As `GET /search` answers.
    console
        Where to; standard output if not said.
    """
    table = Table("kind", "title", "found in", "status", "id", box=None, pad_edge=False)
    for item in results["items"]:
        marked = dict(item.get("highlights") or {})
        title = marked.pop("title", None)
        where = Text("\n").join(
            Text.assemble(f"{field}: ", Text(" … ").join(map(marks, texts)))
            for field, texts in marked.items()
        )
        table.add_row(
            item["kind"],
            marks(title[0]) if title else Text(printable(item["title"])),
            where,
            item["status"],
            Text(item["id"]),
        )
    out = console or Console()
    out.print(table if results["items"] else "Nothing was found.")
    if results.get("next_cursor"):
        out.print("There is more: --limit.")


def marks(text: str) -> Text:
    """Return a highlighted text, which is HTML, for a terminal."""
    made, style = Text(), ""
    for part in _TAGS.split(text):
        if part in ("<em>", "</em>"):
            style = _STYLE if part == "<em>" else ""
        else:
            made.append(printable(html.unescape(part)), style)
    return made


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but stand there."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
