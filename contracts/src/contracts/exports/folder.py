"""Lay an export down in a folder: what is stale goes, what is not the export's is never touched.

The folder holds a list of the files that are its export's, ``.export.json``. It names the new files
before they are written, so that an export that was interrupted leaves none that nobody owns.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from contracts.schema import dumps

MANIFEST = ".export.json"


class BadFolder(ValueError):
    """A folder that an export must not or cannot write to; the message names it."""

    def __init__(self, path: Path, problem: object) -> None:
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is, or would be, different in a folder: paths below it."""

    written: list[str]
    removed: list[str]


def lay(out: Path, form: str, files: Mapping[str, str], *, check: bool = False) -> Changes:
    """Make a folder hold an export, and return what was different.

    Parameters
    ----------
    out
        The folder: missing, empty, or with an earlier export of the same format.
    form
        The format.
    files
        The texts of its files, by path below the folder.
    check
        Whether to write nothing.

    Raises
    ------
    BadFolder
        It is no folder, holds files that no export made, or cannot be written.
    """
    try:
        owned = _owned(out, form)
        contents = {**files, MANIFEST: _manifest(form, files)}
        for name in files.keys() - owned:
            _free(out, name)
        changes = Changes(
            [name for name, text in sorted(contents.items()) if not _holds(out / name, text)],
            sorted(name for name in owned - files.keys() if (out / name).exists()),
        )
        if not check and (changes.written or changes.removed):
            _write(out, form, owned, contents, changes)
    except OSError as error:
        raise BadFolder(out, f"cannot be written: {error}") from None
    return changes


def _owned(out: Path, form: str) -> set[str]:
    """Return the files that an earlier export made."""
    if out.exists() and not out.is_dir():
        raise BadFolder(out, "is not a folder")
    manifest = out / MANIFEST
    if not manifest.exists():
        if out.exists() and any(out.iterdir()):
            raise BadFolder(out, "holds files that no export made: name a new or an empty folder")
        return set()
    try:
        said = json.loads(manifest.read_text(encoding="utf-8"))
        of, names = said["format"], {PurePosixPath(name).as_posix() for name in said["files"]}
    except (ValueError, LookupError, TypeError):
        raise BadFolder(manifest, "is not the list of files that an export leaves") from None
    if of != form:
        raise BadFolder(out, f"holds an export of {of}, not of {form}")
    if not all(_is_below(out, name) for name in names):
        raise BadFolder(manifest, "names a file outside of its folder")
    return names


def _is_below(out: Path, name: str) -> bool:
    path = PurePosixPath(name)
    inside = (out / path).parent.resolve().is_relative_to(out.resolve())
    return inside and ".." not in path.parts and path.name != ""


def _free(out: Path, name: str) -> None:
    """Refuse to write where something lies that no export made."""
    if not _is_below(out, name):
        raise BadFolder(out / name, "lies outside of the export's folder")
    if (out / name).exists() or (out / name).is_symlink():
        raise BadFolder(out / name, "is in the way: no export made it")


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and not file.is_symlink() and file.read_bytes() == text.encode()


def _manifest(form: str, names: Iterable[str]) -> str:
    return dumps({"format": form, "files": sorted(names)})


def _write(
    out: Path, form: str, owned: set[str], contents: Mapping[str, str], changes: Changes
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / MANIFEST
    both = owned | contents.keys() - {MANIFEST}
    manifest.write_text(_manifest(form, both), encoding="utf-8")
    for name in changes.removed:
        (out / name).unlink()
        for parent in (out / name).parents:
            if parent == out or any(parent.iterdir()):
                break
            parent.rmdir()
    for name in changes.written:
        file = out / name
        if file.is_symlink():
            file.unlink()
        file.parent.mkdir(parents=True, exist_ok=True)
        if name != MANIFEST:
            file.write_bytes(contents[name].encode())
    manifest.write_bytes(contents[MANIFEST].encode())
