"""What machines are told."""

import json

from contracts.gate.findings import Finding, Report

BREAK = Finding(
    level="break",
    check="compatibility",
    who="loyalty",
    what="ThingSold 1.1",
    why="100% of it\nis wrong",
    advice="talk, soon",
    file="a,b:c.json",
    path="$.data.sku",
    witness={"sku": None},
)
NOTE = Finding(
    level="note", check="unread", who="shop", what="B.v1", why="so", advice="none", file="b", line=7
)


def test_json_says_everything() -> None:
    document = json.loads(Report("abc (main)", [BREAK, NOTE]).as_json())
    assert (document["against"], document["broken"]) == ("abc (main)", True)
    first, second = document["findings"]
    assert first == {
        "level": "break",
        "check": "compatibility",
        "who": "loyalty",
        "what": "ThingSold 1.1",
        "why": "100% of it\nis wrong",
        "advice": "talk, soon",
        "file": "a,b:c.json",
        "line": 1,
        "path": "$.data.sku",
        "witness": {"sku": None},
    }
    assert (second["witness"], second["path"], second["line"]) == (None, "", 7)


def test_annotations_are_one_line_each_and_escaped() -> None:
    first, second = Report("abc", [BREAK, NOTE]).as_github().splitlines()
    assert first == (
        "::error file=a%2Cb%3Ac.json,line=1,title=loyalty%3A ThingSold 1.1::"
        "100%25 of it%0Ais wrong%0Awhere: $.data.sku%0Afor example: "
        '{"sku": null}%0Awhat to do: talk, soon'
    )
    assert second == "::notice file=b,line=7,title=shop%3A B.v1::so%0Awhat to do: none"


def test_the_summary_counts() -> None:
    assert Report("abc", [BREAK, BREAK, NOTE]).summary() == "2 breaks, 1 note; compared with abc"
    assert Report("abc", []).summary() == "nothing found; compared with abc"
    assert not Report("abc", [NOTE]).broken
