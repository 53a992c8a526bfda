"""The tool that writes the golden files and tells where they drift."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import golden
from contracts.catalogue import catalogue

REACTION = '''
"""A reaction as a service declares it."""
from contracts.reader import Reader

class Erased(Reader, source="starling.users", event="UserErased.v1"):
    user_id: str

class handler:
    reader = Erased
'''
CONSUMED = Path("services/loyalty/consumes/UserErased.v1.on_user_erased.json")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a repository with one service that has one reaction."""
    folder = tmp_path / "services" / "loyalty" / "src" / "loyalty" / "reactions"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "on_user_erased.py").write_text(REACTION, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder.parents[1]))
    yield tmp_path
    for module in [name for name in sys.modules if name.partition(".")[0] == "loyalty"]:
        del sys.modules[module]


def files(root: Path) -> set[Path]:
    return {path.relative_to(root) for path in root.rglob("*.json")}


def test_what_is_missing_is_written_and_listed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert golden.main([], root) == 0
    listed = set(capsys.readouterr().out.splitlines())
    assert listed == {f"missing {path}" for path in files(root)}
    assert CONSUMED in files(root)
    assert len(files(root)) == len(catalogue()) + 1
    assert golden.main([], root) == golden.main(["--check"], root) == 0
    assert capsys.readouterr().out == ""


def test_a_changed_file_is_written_anew(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden.main([], root)
    good = (root / CONSUMED).read_text(encoding="utf-8")
    (root / CONSUMED).write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert golden.main([], root) == 0
    assert capsys.readouterr().out == f"changed {CONSUMED}\n"
    assert (root / CONSUMED).read_text(encoding="utf-8") == good


def test_a_file_of_a_reaction_that_is_gone_is_deleted(root: Path) -> None:
    golden.main([], root)
    stale = root / CONSUMED.with_name("UserErased.v1.on_something_else.json")
    stale.write_text("{}", encoding="utf-8")
    assert golden.drift(root) == [golden.Difference(stale, "stale")]
    golden.main([], root)
    assert not stale.exists()


def test_the_check_writes_nothing_and_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden.main([], root)
    (root / CONSUMED).unlink()
    stale = root / CONSUMED.with_name("stale.json")
    stale.touch()
    capsys.readouterr()
    assert golden.main(["--check"], root) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"missing {CONSUMED}",
        f"stale {stale.relative_to(root)}",
        "run `python -m contracts.golden`, and look at what changed",
    ]
    assert stale.exists()
    assert not (root / CONSUMED).exists()


def test_schemas_of_earlier_versions_stay(root: Path) -> None:
    golden.main([], root)
    earlier = root / "contracts" / "schemas" / "users" / "UserErased" / "0.9.json"
    earlier.write_text("{}", encoding="utf-8")
    golden.main([], root)
    assert earlier.exists()


@pytest.mark.parametrize("body", ["", "handler = None", "class handler:\n    reader = int"])
def test_a_reaction_module_without_a_reader_is_named(root: Path, body: str) -> None:
    module = root / "services" / "loyalty" / "src" / "loyalty" / "reactions" / "on_nothing.py"
    module.write_text(body, encoding="utf-8")
    with pytest.raises(TypeError, match=r"^loyalty.reactions.on_nothing: its handler is no reac"):
        golden.drift(root)
