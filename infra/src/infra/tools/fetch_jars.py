"""Fetch exactly the jars of a jgo.lock.toml; run by jgo's own interpreter.

A script, not a module of the package: `python fetch_jars.py LOCK DIRECTORY`. jgo's
`sync` resolves anew from the poms and asks for a JDK to classify jars; the lock already
says every coordinate, hash and placement, so only jgo's downloads are used here.
Writes "done total" to stdout after each jar.
"""

import hashlib
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from jgo.env import LockFile  # type: ignore[import-not-found]  # lives in jgo's environment
from jgo.maven import MavenContext  # type: ignore[import-not-found]  # the same

ATTEMPTS = 4
TIMEOUT_SECONDS = 60


def sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(dependency: Any, context: Any, place: Path) -> Path:
    """Download one jar, verify it, and put it in place under its final name."""
    component = context.project(dependency.groupId, dependency.artifactId).at_version(
        dependency.version
    )
    artifact = component.artifact(
        classifier=dependency.classifier or "", packaging=dependency.packaging
    )
    jar = place / str(artifact.filename)
    if jar.exists() and sha256(jar) == dependency.sha256:
        return jar
    for attempt in range(1, ATTEMPTS + 1):
        # What is left of an interrupted download would be taken as complete.
        artifact.cached_path.unlink(missing_ok=True)
        try:
            downloaded = artifact.resolve()
        except (OSError, RuntimeError) as error:  # the errors of `requests` are OSErrors
            cause = f"{jar.name}: {error}"
        else:
            if sha256(downloaded) == dependency.sha256:
                downloaded.replace(jar)
                return jar
            cause = f"{jar.name}: its SHA-256 is not the one in the lock file"
        if attempt < ATTEMPTS:
            time.sleep(2**attempt / 2)
    raise SystemExit(cause)


def main(lock_file: Path, directory: Path) -> None:
    """Fetch all jars into `directory`/.jgo/jars and `directory`/.jgo/modules."""
    dependencies = LockFile.load(lock_file).dependencies
    downloads = directory / "downloads"
    context = MavenContext(repo_cache=downloads, timeout=TIMEOUT_SECONDS)
    plain, modular = (directory / ".jgo" / name for name in ("jars", "modules"))
    for place in (plain, modular):
        place.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(8) as pool:
        running = [
            pool.submit(fetch, one, context, modular if one.is_modular else plain)
            for one in dependencies
        ]
        wanted = set()
        try:
            for future in as_completed(running):
                wanted.add(future.result())
                sys.stdout.write(f"{len(wanted)} {len(running)}\n")
                sys.stdout.flush()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for jar in {*plain.iterdir(), *modular.iterdir()} - wanted:
        jar.unlink()
    shutil.rmtree(downloads, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
