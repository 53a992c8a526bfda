"""Many patterns at once, and the files that patterns and events come from."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.patterns.cases import Case, cases, judge
from contracts.patterns.documents import MAX_LEVELS, BadDocument, parse, read, read_object
from contracts.patterns.ruler import Ruler

RULER = Ruler()
ONE = {"pattern": {"a": [1]}, "event": {"a": 1}}
OTHER = {"pattern": {"a": [2]}, "event": {"a": 1}}


@pytest.mark.parametrize(
    "document",
    [
        [ONE, OTHER],
        [{"name": "one", **ONE, "expected": "match"}, OTHER],
        {"one": ONE, "other": OTHER},
        {"cases": [ONE, OTHER]},
    ],
)
def test_cases_are_read_in_order_however_they_are_wrapped(document: Any) -> None:
    assert list(cases(document)) == [Case(**ONE), Case(**OTHER)]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (7, "is not a list of cases"),
        ("text", "is not a list of cases"),
        ([ONE, {"pattern": {}}], r"\$\[1\]: is not an object with a pattern and an event"),
        ([[]], r"\$\[0\]: is not an object"),
    ],
)
def test_what_is_no_list_of_cases_is_refused_with_its_place(document: Any, problem: str) -> None:
    with pytest.raises(BadDocument, match=problem):
        list(cases(document))


@pytest.mark.parametrize(
    ("pattern", "event", "verdict"),
    [
        ({"a": [1]}, {"a": 1}, "match"),
        ('{"a": [1]}', '{"a": 1}', "match"),
        ({"a": [1]}, {"a": 2}, "no_match"),
        ({"a": [{"prefx": "x"}]}, {"a": 1}, "invalid"),
        ({"a": [{"wildcard": "*:*:*:*:*:*:x*"}]}, {"a": 1}, "invalid"),
        ([{"a": [1]}], {"a": 1}, "invalid"),
        (None, {"a": 1}, "invalid"),
        ('{"a": [1]', {"a": 1}, "invalid"),
        ('{"a": [1]} trailing', {"a": 1}, "invalid"),
        ({"a": [1]}, "7", "invalid"),
        ({"a": [1]}, [], "invalid"),
        ("[" * 10_000, {"a": 1}, "invalid"),
    ],
)
def test_a_case_is_a_match_or_none_or_invalid(pattern: Any, event: Any, verdict: str) -> None:
    assert judge(Case(pattern, event), RULER) == verdict


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "pattern.json"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text('{"ä": 1}', encoding=encoding)
        assert read_object(file) == {"ä": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON: Expecting value"),
        ('{"a": NaN}', "is not JSON: NaN is not a JSON value"),
        ("[" * 1_000_000, f"is nested deeper than {MAX_LEVELS} levels"),
        ('{"a":' * 201 + "1" + "}" * 201, f"is nested deeper than {MAX_LEVELS} levels"),
        ("9" * 5000, "is not JSON: Exceeds the limit"),
        ("[]", "is not a JSON object"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_its_name(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    with pytest.raises(BadDocument, match=f"{file}: {problem}"):
        read_object(file)


def test_a_file_that_is_not_there_or_no_text_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadDocument, match="No such file or directory"):
        read(tmp_path / "nothing.json")
    file = tmp_path / "bytes.json"
    file.write_bytes(b'"\xff"')
    with pytest.raises(BadDocument, match="is not UTF-8"):
        read(file)
    monkeypatch.setattr("contracts.patterns.documents.MAX_BYTES", 2)
    with pytest.raises(BadDocument, match="is larger than 2 bytes"):
        read(file)


def test_the_deepest_document_that_is_read_is_judged() -> None:
    text = '{"a":' * MAX_LEVELS + "1" + "}" * MAX_LEVELS
    event = parse(text, "$")
    assert json.dumps(event, separators=(",", ":")) == text
    assert judge(Case({"a": [{"exists": False}]}, text), RULER) == "match"
