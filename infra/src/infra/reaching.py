"""Which shared modules some code imports: what is shipped with it."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from infra.paths import ROOT

SHARED = {"contracts": ROOT / "contracts" / "src", "runtime": ROOT / "runtime" / "src"}
"""First-party packages that every service's code may stand on, with their sources."""

# Import statements, wherever they stand: ten times faster to find than to parse the module. What
# merely looks like one (in a docstring) brings a module too many along, never one too few.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|(.+))|import[ \t]+(.+))",
    re.MULTILINE,
)
_NAME = re.compile(r"[\w.]+")


def reachable(roots: Sequence[Path]) -> dict[Path, Path]:
    """Return the shared modules that some modules import, directly or not, anywhere in them.

    Parameters
    ----------
    roots
        Files of the modules to begin with; those of shared packages are part of the result.

    Returns
    -------
    dict
        File by its path below the search path, like ``runtime/table.py``.
    """
    found: dict[Path, Path] = {}
    waiting = list(roots)
    while waiting:
        file = waiting.pop()
        inside = _inside(file)
        if inside in found:
            continue
        if inside is not None:
            found[inside] = file
            waiting += [parent / "__init__.py" for parent in _packages(file)]
        waiting += [path for name in imports(file) for path in _modules(name)]
    return dict(sorted(found.items()))


@cache
def _inside(file: Path) -> Path | None:
    for source in SHARED.values():
        if file.is_relative_to(source):
            return file.relative_to(source)
    return None


def _packages(file: Path) -> list[Path]:
    sources = set(SHARED.values())
    found = []
    for parent in file.parents:
        if parent in sources:
            break
        found.append(parent)
    return found


@cache
def imports(file: Path) -> list[str]:
    """Return the names of the modules that a module may import."""
    names = []
    for module, brackets, line, plain in _IMPORT.findall(file.read_text(encoding="utf-8")):
        if module:
            # `from package import module` names a module just as well.
            imported = _NAME.findall(re.sub(r" as \w+|#.*", "", brackets or line))
            names += [module, *(f"{module}.{name}" for name in imported)]
        else:
            names += _NAME.findall(re.sub(r" as \w+|#.*", "", plain))
    return names


@cache
def _modules(name: str) -> list[Path]:
    source = SHARED.get(name.split(".", 1)[0])
    if source is None:
        return []
    path = source.joinpath(*name.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
