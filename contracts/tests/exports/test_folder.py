"""What is stale goes, and what no export made is never touched."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exports.folder import MANIFEST, BadFolder, Changes, lay

NAMES = st.sampled_from(["a.md", "b.md", "x/a.md", "x/b.md", "x/y/c.md", "z/y/c.md"])
FILES = st.dictionaries(NAMES, st.sampled_from(["", "1", "2\n", "ä"]))


def found(out: Path) -> dict[str, str]:
    files = [file for file in out.rglob("*") if file.is_file() and file.name != MANIFEST]
    return {file.relative_to(out).as_posix(): file.read_text(encoding="utf-8") for file in files}


def test_a_new_folder_is_made_and_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    assert lay(out, "docs", {"x/y.md": "1"}) == Changes([MANIFEST, "x/y.md"], [])
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    assert lay(out, "docs", {"x/y.md": "1"}) == Changes([], [])
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before


def test_a_stale_file_goes_with_the_folders_that_it_leaves_empty(tmp_path: Path) -> None:
    lay(tmp_path, "docs", {"x/y/z.md": "1", "a.md": "1", "x/a.md": "1"})
    (tmp_path / "x" / "note.txt").write_text("mine")
    assert lay(tmp_path, "docs", {"a.md": "1"}) == Changes([MANIFEST], ["x/a.md", "x/y/z.md"])
    assert found(tmp_path) == {"a.md": "1", "x/note.txt": "mine"}
    assert not (tmp_path / "x" / "y").exists()


def test_a_folder_that_no_export_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadFolder, match="no export made"):
        lay(tmp_path, "docs", {"a.md": "1"})
    assert found(tmp_path) == {"mine.txt": "mine"}


def test_a_file_in_the_way_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    lay(tmp_path, "docs", {"a.md": "1"})
    (tmp_path / "b.md").write_text("mine")
    with pytest.raises(BadFolder, match=r"b\.md: is in the way"):
        lay(tmp_path, "docs", {"a.md": "2", "b.md": "2"})
    assert found(tmp_path) == {"a.md": "1", "b.md": "mine"}


def test_an_export_of_another_format_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, "docs", {"a.md": "1"})
    with pytest.raises(BadFolder, match="holds an export of docs, not of pact"):
        lay(tmp_path, "pact", {"a.md": "1"})


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BadFolder, match="is not a folder"):
        lay(file, "docs", {})
    with pytest.raises(BadFolder, match="cannot be written"):
        lay(file / "below", "docs", {"a.md": "1"})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "docs"}', '{"format": "docs", "files": 1}',
     '{"format": "docs", "files": [1]}', "[[[["],
)  # fmt: skip
def test_a_broken_list_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(BadFolder, match=r"\.export\.json: is not the list"):
        lay(tmp_path, "docs", {})


@pytest.mark.parametrize("name", ["../a.md", "/etc/a.md", "", "x/../../a.md", "link/a.md"])
def test_a_list_that_names_files_outside_is_refused(tmp_path: Path, name: str) -> None:
    outside, out = tmp_path / "a.md", tmp_path / "out"
    outside.write_text("mine")
    out.mkdir()
    (out / "link").symlink_to(tmp_path)
    (out / MANIFEST).write_text(f'{{"format": "docs", "files": ["{name}"]}}')
    with pytest.raises(BadFolder, match="outside of its folder"):
        lay(out, "docs", {})
    assert outside.read_text() == "mine"


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine", tmp_path / "out"
    mine.write_text("mine")
    lay(out, "docs", {"a.md": "1"})
    (out / "a.md").unlink()
    (out / "a.md").symlink_to(mine)
    lay(out, "docs", {"a.md": "1"})
    assert (mine.read_text(), (out / "a.md").read_text()) == ("mine", "1")
    (out / "x").symlink_to(tmp_path)
    with pytest.raises(BadFolder, match="outside"):
        lay(out, "docs", {"a.md": "1", "x/b.md": "1"})


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    lay(tmp_path, "docs", {"a.md": "1", "b.md": "1"})
    changes = lay(tmp_path, "docs", {"a.md": "2"}, check=True)
    assert changes == Changes([MANIFEST, "a.md"], ["b.md"])
    assert found(tmp_path) == {"a.md": "1", "b.md": "1"}


def test_what_an_interrupted_export_left_is_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, "docs", {"old.md": "1"})
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "b.md":
            raise OSError("No space left on device")
        return write(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(BadFolder, match="No space left"):
            lay(tmp_path, "docs", {"a.md": "1", "b.md": "1"})
    assert found(tmp_path) == {"a.md": "1"}
    lay(tmp_path, "docs", {"b.md": "1"})
    assert found(tmp_path) == {"b.md": "1"}


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(FILES, max_size=4), mine=st.dictionaries(NAMES, st.just("mine")))
def test_after_any_exports_the_folder_holds_the_last_one_and_what_others_put_there(
    steps: list[dict[str, str]], mine: dict[str, str]
) -> None:
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        lay(out, "docs", {})
        for name, text in mine.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text)
        for files in steps:
            before = found(out)
            if files.keys() & mine.keys():
                with pytest.raises(BadFolder, match="in the way"):
                    lay(out, "docs", files)
                assert found(out) == before
            else:
                lay(out, "docs", files)
                assert found(out) == {**files, **mine}
                assert lay(out, "docs", files, check=True) == Changes([], [])
