"""Prints what a search has found, with the words that were looked for."""

import html
import re
from collections.abc import Iterable, Iterator
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
    table.columns[-1].no_wrap = True  # in a narrow terminal too, as it is there to be copied
    for item in results["items"]:
        places = Text("\n").join(_places(item))
        table.add_row(item["kind"], _title(item), places, item["status"], Text(item["id"]))
    out = console or Console()
    out.print(table if results["items"] else "Nothing was found.")
    if results.get("next_cursor"):
        out.print("There is more: --limit.")


def hit(item: dict[str, Any], fields: Iterable[str]) -> Text:
    """Return one result in a line: its title, the words in some other fields, and its status."""
    told = item | {"highlights": {field: item["highlights"][field] for field in fields}}
    places = [Text.assemble(" (", place, ")") for place in _places(told)]
    return Text.assemble(_title(item), *places, f", {item['status']}")


def _title(item: dict[str, Any]) -> Text:
    marked = (item.get("highlights") or {}).get("title")
    return marks(marked[0]) if marked else Text(printable(item["title"]))


def _places(item: dict[str, Any]) -> Iterator[Text]:
    for field, texts in (item.get("highlights") or {}).items():
        if field != "title":
            yield Text.assemble(f"{field.replace('_', ' ')}: ", Text(" … ").join(map(marks, texts)))


def marks(text: str) -> Text:
    """Return a highlighted text, which is HTML, for a terminal."""
    made, style = Text(), ""
    for part in _TAGS.split(text):
        if part in ("<em>", "</em>"):
            style = _STYLE if part == "<em>" else ""
        else:
            made.append(printable(html.unescape(part)), style)
    return made


def emphasised(texts: Iterable[str]) -> list[str]:
    """Return what is emphasised in highlighted texts."""
    return [text.plain[span.start : span.end] for text in map(marks, texts) for span in text.spans]


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but stand there."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
