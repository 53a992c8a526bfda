"""The report: parts that may be written twice, put together piece by piece."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.imports.faults import BadFile
from media.imports.report import part, report
from media.imports.rows import BadRow

BAD_ROWS = st.lists(st.builds(BadRow, st.integers(1, 10**9), st.text(max_size=20)), max_size=4)


def put_together(**given: Any) -> Any:
    return json.loads(b"".join(report(**given)))


@given(st.lists(BAD_ROWS, max_size=5))
def test_the_report_has_the_bad_rows_of_all_parts_in_order(batches: list[list[BadRow]]) -> None:
    whole = [row for batch in batches for row in batch]
    parts = [part(batch) for batch in batches]
    assert put_together(accepted=7, refused=len(whole), parts=parts) == {
        "accepted": 7,
        "refused": len(whole),
        "rows": [{"line": row.line, "reason": row.reason} for row in whole],
        "problem": None,
    }


def test_a_file_that_was_refused_is_told_with_its_problem() -> None:
    problem = BadFile("WRONG_DELIMITER", 'separated by "semicolons"')
    assert put_together(accepted=0, refused=0, problem=problem) == {
        "accepted": 0,
        "refused": 0,
        "rows": [],
        "problem": {"reason": "WRONG_DELIMITER", "detail": 'separated by "semicolons"'},
    }


def test_the_same_batch_makes_the_same_part() -> None:
    rows = [BadRow(3, "no"), BadRow(4, "é")]
    assert (
        part(rows)
        == part(tuple(rows))
        == b'{"line":3,"reason":"no"}\n{"line":4,"reason":"\\u00e9"}\n'
    )


def test_one_part_at_a_time_is_asked_for() -> None:
    asked = 0

    def parts() -> Iterator[bytes]:
        nonlocal asked
        for number in range(5):
            asked += 1
            yield part([BadRow(number + 2, "no")])

    pieces = report(accepted=0, refused=5, parts=parts())
    next(pieces)
    for number in range(1, 6):
        next(pieces)
        assert asked == number


@pytest.mark.parametrize("parts", [[b""], [b"", part([BadRow(2, "no")]), b""]])
def test_a_part_without_rows_adds_nothing(parts: list[bytes]) -> None:
    rows = put_together(accepted=0, refused=1, parts=parts)["rows"]
    assert rows == [{"line": 2, "reason": "no"}] * (len(parts) > 1)
