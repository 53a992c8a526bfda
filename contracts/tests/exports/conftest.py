"""A repository of its own: the shop's event has three versions, and two services read them."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Metadata
from contracts.exports.book import Book, read
from contracts.golden import ROOT

EVENTS = '''
"""What the shop tells."""

from typing import Annotated

from pydantic import BaseModel
from contracts.words import Colour, Tag

Tags = Annotated[list[Tag], ...]
"""What people say of it."""


class Part(BaseModel):
    """A piece of a thing.

    Attributes
    ----------
    parts
        The pieces of the piece.
    size, weight
        In ``mm`` and g.
    """

    parts: "list[Part]"
    size: int
    weight: int


class ThingSold(EventData, source="starling.shop", version="1.1"):
    """A thing was {sold} for <b>good</b>.

    More of it.
    """

    sku: str
    """Which thing."""
    colour: Colour | None = None
    tags: Tags
    part: Part


class ThingSoldV2(EventData, source="starling.shop", version="2.0"):
    """A thing was sold, by its code."""

    code: str
'''
WORDS = '''
Tag = str
"""A word."""


class Colour:
    """How it looks."""
'''
PART = {
    "type": "object",
    "properties": {
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "size": {"type": "integer", "minimum": 1},
        "weight": {"type": "integer", "maximum": 9},
    },
    "required": ["size"],
}
SKU = {"type": "string", "pattern": "^[a-z`|]{1,9}$"}
COLOUR = {"anyOf": [{"enum": ["red", "light blue"], "type": "string"}, {"type": "null"}]}
TAGS = {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1, "maxItems": 3}
V1: dict[str, Any] = {
    "type": "object",
    "properties": {
        "part": {"$ref": "#/$defs/Part"},
        "sku": SKU,
        "tags": TAGS,
        "prices": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "required": ["part", "sku", "tags"],
}
V1_1 = {**V1, "properties": {**V1["properties"], "colour": COLOUR}}
V2 = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
DATA = {
    "part": {"size": 2, "weight": 1, "parts": [{"size": 1, "parts": []}]},
    "sku": "tea",
    "tags": ["nice", "hot"],
    "prices": {"eu-ro": 1.5},
}
READ = {
    "type": "object",
    "title": "ThingSold.v1",
    "$defs": {"Part": PART},
    "properties": {name: V1_1["properties"][name] for name in ("colour", "part", "prices", "tags")},
    "required": ["part", "tags"],
}


def write(root: Path, path: str, content: Any) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_text(text, encoding="utf-8")


def version(root: Path, name: str, schema: dict[str, Any], data: dict[str, Any]) -> None:
    """Write the schema and the example of a version of ThingSold."""
    cls = "ThingSoldV2" if name[0] == "2" else "ThingSold"
    metadata = Metadata.model_json_schema()
    golden = {
        "$defs": {cls: schema, "Metadata": metadata, "Part": PART},
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "data": {"$ref": f"#/$defs/{cls}"},
            "metadata": {"$ref": "#/$defs/Metadata"},
        },
        "required": ["data", "metadata"],
        "title": f"ThingSold {name}",
        "type": "object",
    }
    known = json.loads((ROOT / "contracts/examples/users/UserErased/1.0.json").read_text())
    said = known["detail"]["metadata"] | {"schema_version": name}
    event = known | {
        "detail-type": f"ThingSold.v{name[0]}",
        "source": "starling.shop",
        "detail": {"metadata": said, "data": data},
    }
    write(root, f"contracts/schemas/shop/ThingSold/{name}.json", golden)
    write(root, f"contracts/examples/shop/ThingSold/{name}.json", event)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of the repository."""
    root = tmp_path / "repository"
    version(root, "1.0", V1, DATA)
    version(root, "1.1", V1_1, DATA | {"colour": "light blue"})
    version(root, "2.0", V2, {"code": "t"})
    write(root, "contracts/src/contracts/events/shop.py", EVENTS)
    write(root, "contracts/src/contracts/words.py", WORDS)
    write(root, "services/post/consumes/ThingSold.v1.on_thing_sold.json", READ)
    half = {"type": "object", "properties": {"code": V2["properties"]["code"]}}
    write(root, "services/loyalty/consumes/ThingSold.v2.on_thing_sold.json", half)
    write(root, "services/post/src/post/reactions/on_thing_sold.py", '"""Sends it {fast}."""\n')
    for service in ("shop", "post", "loyalty"):
        project = f'[project]\nname = "{service}"\nversion = "1.2.3"\n'
        write(root, f"services/{service}/pyproject.toml", project)
    write(root, "services/shop/README.md", "# shop\n\nSells\nthings.\n\nMore.\n")
    owners = "# who\n* @all/of-us\n/services/shop/ @all/sellers @all/of-us # them\n"
    write(root, "CODEOWNERS", f"{owners}/contracts/schemas/shop/ @all/sellers\n")
    write(
        root,
        "contracts/deprecations.toml",
        '["ThingSold.v1"]\nsince = 2026-01-01\nuntil = 2026-06-01\n'
        'successor = "ThingSold.v2"\nwhy = "a sku is no code"\n',
    )
    return root


@pytest.fixture
def book(root: Path) -> Book:
    """All of it."""
    return read(root)
