import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest

from infra.rewriting import Unrecognised, rewrite

PACKAGES = Path(pydantic.__file__).parents[1]
USED = ("annotated_types", "botocore", "dateutil", "jmespath", "pydantic", "pydantic_core")
USED += ("typing_inspection", "urllib3", "six.py", "typing_extensions.py")
USE = """
import json, sys
sys.path[:0] = [sys.argv[1]]
import botocore.session
from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

class Bird(BaseModel):
    names: list[str]
    wings: dict[str, int | None] = {}

session = botocore.session.Session()
client = session.create_client("sqs", region_name="eu-west-1")
try:
    Bird(names="heron")
except ValidationError as error:
    refused = [problem["type"] for problem in error.errors()]
print(json.dumps({
    "modules": sorted(sys.modules),
    "documentation": client.send_message.__doc__,
    "bird": Bird.model_validate_json('{"names": ["heron"], "wings": {"left": 1}}').model_dump(),
    "schema": Bird.model_json_schema(),
    "refused": refused,
    "made": str(type(core_schema.int_schema(ge=1))),
}))
"""


def copied(root: Path, *names: str) -> Path:
    for name in names:
        source = PACKAGES / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root)
    return root


def used(root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", USE, str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_what_is_rewritten_works_the_same_without_what_it_imported(tmp_path: Path) -> None:
    root = copied(tmp_path, *USED)
    before = used(root)
    rewrite(root)
    after = used(root)
    for same in ("bird", "schema", "refused", "made"):
        assert after[same] == before[same]
    assert after["documentation"] == ""
    for gone in ("importlib.metadata", "zipfile", "botocore.docs.service"):
        assert gone in before["modules"]
        assert gone not in after["modules"]


def test_packages_that_are_not_installed_are_passed_over(tmp_path: Path) -> None:
    rewrite(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture(
    params=[
        "botocore/docs/__init__.py",
        "botocore/docs/docstring.py",
        "opensearchpy/__init__.py",
        "opensearchpy/client/__init__.py",
        "opensearchpy/compat.py",
        "opensearchpy/connection/__init__.py",
        "opensearchpy/helpers/__init__.py",
        "opensearchpy/helpers/signer.py",
        "opensearchpy/metrics/__init__.py",
        "pydantic/plugin/_loader.py",
        "pydantic_core/core_schema.py",
        "urllib3/http2/__init__.py",
    ]
)
def module(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_what_looks_different_is_named(module: str, tmp_path: Path) -> None:
    root = copied(tmp_path, module.partition("/")[0])
    (root / module).write_text("another = 1")
    with pytest.raises(Unrecognised, match=f"{module} has nothing like"):
        rewrite(root)


def test_what_is_not_there_any_more_is_named(module: str, tmp_path: Path) -> None:
    root = copied(tmp_path, module.partition("/")[0])
    (root / module).unlink()
    with pytest.raises(Unrecognised, match=f"there is no {module}"):
        rewrite(root)
