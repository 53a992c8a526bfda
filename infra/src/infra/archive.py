"""Zips that are the same bytes whenever their content is, with bytecode inside."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

# The earliest time that a zip can hold: every entry's, since a time would change the bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644 << 16
_UNIX = 3

# Unchecked-hash bytecode is used as it is, without a look at the source's time or content:
# in a zip the two cannot drift. It is written by a fresh interpreter, in order, because
# marshalled bytes depend on what the writing process has interned before.
_COMPILE = """
import py_compile, sys
for name in sys.stdin.read().splitlines():
    py_compile.compile(name, doraise=True, quiet=1,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


def compile_tree(root: Path) -> None:
    """Write the bytecode of every module under a folder, for this interpreter's version.

    Raises
    ------
    RuntimeError
        A module does not compile; the message names it.
    """
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    done = subprocess.run(
        # No site, no path of ours: only the standard library takes part.
        [sys.executable, "-S", "-s", "-P", "-c", _COMPILE],
        input="\n".join(names),
        text=True,
        cwd=root,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"bytecode of {root}: {done.stderr.strip()}")


def write_zip(root: Path, target: Path) -> None:
    """Pack a folder's files into a zip: sorted, without times, owners or modes of their own."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _FILE_MODE
            archive.writestr(entry, path.read_bytes())


def digest(parts: Iterable[bytes | str]) -> str:
    """Return a short hash of all the parts, in order."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:16]
