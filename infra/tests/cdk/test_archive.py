import importlib.util
import os
import zipfile
from pathlib import Path

import pytest

from infra.archive import compile_tree, digest, write_zip


def tree(root: Path) -> Path:
    (root / "b").mkdir(parents=True)
    (root / "b" / "__init__.py").write_text("NAMES = {'x', 'y', 'z'}\n")
    (root / "a.py").write_text("def f(x):\n    return x in {'p', 'q', 'r'}\n")
    (root / "data.json").write_text("{}")
    return root


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    zips = []
    for number, name in enumerate(("one", "two")):
        root = tree(tmp_path / name)
        compile_tree(root)
        for path in root.rglob("*"):
            os.utime(path, (number, number))
            if path.is_file():
                path.chmod(0o600 if number else 0o755)
        write_zip(root, tmp_path / f"{name}.zip")
        zips.append((tmp_path / f"{name}.zip").read_bytes())
    assert zips[0] == zips[1]


def test_other_files_give_other_bytes(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    (two / "a.py").write_text("")
    write_zip(one, tmp_path / "one.zip")
    write_zip(two, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() != (tmp_path / "two.zip").read_bytes()


def test_files_are_packed_in_order_below_the_root(tmp_path: Path) -> None:
    write_zip(tree(tmp_path / "root"), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["a.py", "b/__init__.py", "data.json"]


def test_every_module_gets_bytecode_that_is_used_unchecked(tmp_path: Path) -> None:
    root = tree(tmp_path / "root")
    compile_tree(root)
    for module in (root / "a.py", root / "b" / "__init__.py"):
        code = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert int.from_bytes(code[4:8], "little") == 1  # PEP 552: hash-based, not checked


def test_a_module_that_does_not_compile_is_named(tmp_path: Path) -> None:
    root = tree(tmp_path / "root")
    (root / "broken.py").write_text("def\n")
    with pytest.raises(RuntimeError, match=r"broken\.py"):
        compile_tree(root)


def test_a_digest_knows_where_one_part_ends() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest(["ab", b"c"]) == digest([b"ab", "c"])
