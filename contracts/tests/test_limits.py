"""The bounds, measured without pydantic."""

import json
from typing import Any

import pytest

from contracts.limits import Entry, TooDeep, depth, entry_size, require_shallow


def test_an_entry_is_measured_in_utf8_bytes_with_its_time() -> None:
    entry: Entry = {"source": "abc", "detail-type": "de", "detail": '{"a":"ü€😀"}'}
    assert entry_size(entry) == 14 + 3 + 2 + len('{"a":""}') + 2 + 3 + 4


@pytest.mark.parametrize(
    ("value", "levels"),
    [(1, 0), ("[[", 0), ([], 1), ({}, 1), ([[]], 2), ({"a": [1, {"b": {}}], "c": 1}, 4)],
)
def test_depth_counts_the_levels_of_objects_and_arrays(value: object, levels: int) -> None:
    assert depth(value) == levels


def test_no_document_is_too_deep_to_be_measured() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    assert depth(value) == 100_000
    while isinstance(value, list):  # taken apart by hand: Python's own way to free it recurses
        value = value[0]


@pytest.mark.parametrize(
    "text",
    ["[" * 17, "[" * 17 + "]" * 17, '{"a":' * 17, "[" * 1_000_000, '["\\"[",' + "[" * 16],
)
def test_text_that_nests_too_deep_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(TooDeep):
        require_shallow(text)


@pytest.mark.parametrize(
    "text",
    ["", "1", "[" * 16 + "]" * 16, "[]" * 100, json.dumps(["[" * 50, '\\"{' * 50]), '"' + "[" * 50],
)
def test_brackets_within_strings_and_side_by_side_do_not_nest(text: str) -> None:
    require_shallow(text)
