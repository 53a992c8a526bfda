"""The repository at another revision: which one, and the files in it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

_MAIN = ("origin/main", "main")


class NoSuchRevision(ValueError):
    """Git knows no revision by that name, or this is no repository."""


def resolve(root: Path, ref: str) -> str:
    """Return the commit that `ref` names.

    Raises
    ------
    NoSuchRevision
        There is none.
    """
    commit = _line(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
    )
    if commit is None:
        raise NoSuchRevision(f"{ref!r} is no revision of {root}")
    return commit


def base(root: Path) -> tuple[str, str]:
    """Return the commit to compare with, and what it is.

    That is where this branch left main. On main itself it is the commit before, or, while contracts
    are being changed, the last one.

    Raises
    ------
    NoSuchRevision
        There is no commit at all.
    """
    head = resolve(root, "HEAD")
    for main in _MAIN:
        fork = _line(root, "merge-base", "HEAD", main)
        if fork and fork != head:
            return fork, f"the merge base with {main}"
    before = _line(root, "rev-parse", "--verify", "--quiet", "HEAD^")
    if before and not _line(root, "status", "--porcelain", "--", "contracts", "services"):
        return before, "the commit before"
    return head, "the last commit"


def files(root: Path, commit: str, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the files of a commit whose path, from `root`, is wanted."""
    listed = _run(root, "ls-tree", "-r", "-z", commit).stdout.split(b"\0")
    blobs = {}
    for line in filter(None, listed):
        about, _, name = line.partition(b"\t")
        _mode, kind, sha = about.split()
        path = name.decode(errors="surrogateescape")
        if kind == b"blob" and wanted(path):
            blobs[path] = sha
    asked = b"".join(sha + b"\n" for sha in blobs.values())
    answer = _run(root, "cat-file", "--batch", given=asked).stdout
    found = {}
    for path in blobs:
        header, _, answer = answer.partition(b"\n")
        size = int(header.split()[2])
        found[path], answer = answer[:size], answer[size + 1 :]
    return found


def _line(root: Path, *arguments: str) -> str | None:
    """Return what git answers in a line; None if it fails."""
    done = _run(root, *arguments, check=False)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def _run(
    root: Path, *arguments: str, given: bytes = b"", check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments of ours and one checked revision
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git of the machine
            input=given,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise NoSuchRevision(f"git cannot be run: {error}") from None
    if check and done.returncode:
        raise NoSuchRevision(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done
