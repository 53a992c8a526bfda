"""The gate is open: nothing in the working tree breaks what is released or what anybody reads."""

from datetime import date

import pytest

from contracts.gate.check import check
from contracts.gate.findings import Report
from contracts.golden import ROOT


@pytest.fixture(scope="module")
def report() -> Report:
    return check(ROOT, None, date(2100, 1, 1))


def test_nobody_is_broken_on_whatever_day(report: Report) -> None:
    found = [finding for finding in report.findings if finding.level == "break"]
    assert found == [], f"`starling contracts check` says more; compared with {report.against}"


def test_whoever_still_reads_the_old_major_is_known(report: Report) -> None:
    warned = {(f.who, f.what) for f in report.findings if f.check == "deprecated"}
    assert warned == {
        ("orders", "UserDeactivated.v1"),
        ("search-sync", "UserDeactivated.v1"),
    }
