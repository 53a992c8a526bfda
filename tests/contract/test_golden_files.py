"""The golden files in the repository are what the code says, and nothing else lies there."""

import json
import subprocess
import sys
from pathlib import PurePosixPath

from jsonschema import Draft202012Validator

from contracts.catalogue import catalogue
from contracts.golden import ROOT, drift

SCHEMAS = ROOT / "contracts" / "schemas"


def test_no_golden_file_drifts_from_the_code() -> None:
    found = [f"{difference.kind} {difference.path.relative_to(ROOT)}" for difference in drift()]
    assert found == [], "run `python -m contracts.golden`, and look at what changed"


def test_the_tool_says_so_too() -> None:
    check = [sys.executable, "-m", "contracts.golden", "--check"]
    answer = subprocess.run(check, capture_output=True, text=True, timeout=120, check=False)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_every_golden_schema_belongs_to_a_declared_event_and_is_not_ahead_of_it() -> None:
    events = {(cls.source, cls.event_name, cls.major): cls for cls in catalogue().values()}
    for file in sorted(SCHEMAS.rglob("*.json")):
        service, name, version = file.relative_to(SCHEMAS).with_suffix("").parts
        major, minor = (int(part) for part in version.split("."))
        event = events[f"starling.{service}", name, major]
        assert minor <= event.minor, file


def test_every_golden_schema_is_a_valid_schema() -> None:
    files = [*SCHEMAS.rglob("*.json"), *ROOT.glob("services/*/consumes/*.json")]
    assert len(files) >= len(catalogue())
    for file in files:
        Draft202012Validator.check_schema(json.loads(file.read_text(encoding="utf-8")))


def test_nothing_but_schemas_and_examples_lies_among_them() -> None:
    folders = [SCHEMAS, ROOT / "contracts" / "examples"]
    paths = [
        {
            PurePosixPath(file.relative_to(folder).as_posix())
            for file in folder.rglob("*")
            if file.is_file()
        }
        for folder in folders
    ]
    assert paths[0] == paths[1], "every version of every event has one schema and one example"
