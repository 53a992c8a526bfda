"""What fields mean, in the words of the code: docstrings are read, nothing is imported.

A field's meaning is the string under it in its class; else what the docstring of its class says
under ``Attributes`` or ``Parameters``; else the string under its type, or the docstring of that.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path

from contracts.gate.findings import BadContract

_ENTRY = re.compile(r"^(\w[\w, ]*)\n((?:[ ]{4}.*\n?)+)", re.MULTILINE)


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring, in one line, as Markdown."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("``", "`")


@dataclass(frozen=True)
class _Module:
    """What a module says of its names.

    Attributes
    ----------
    classes
        Its classes.
    words
        The strings under its assignments, by name.
    imports
        Where its imported names come from: module and name there.
    """

    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


class Meanings:
    """Looks meanings up below a folder of sources.

    Parameters
    ----------
    sources
        The folder in which packages lie.
    """

    def __init__(self, sources: Path) -> None:
        self._sources = sources
        self._module = lru_cache(maxsize=None)(self._read)

    def of_class(self, file: str, name: str) -> str:
        """Return what a class means: empty if it is not there, or says nothing.

        Parameters
        ----------
        file
            The path of its module, of which the part below the sources counts.
        name
            Its name.
        """
        found = self._class(_dotted(file), name)
        return first_paragraph(ast.get_docstring(found[1])) if found else ""

    def of_field(self, file: str, path: tuple[str, ...], name: str) -> str:
        """Return what a field means: empty if nothing says it.

        Parameters
        ----------
        file
            The path of the module of the event's class.
        path
            The event's class, and, if the field is in another, that one's name.
        name
            The field's.
        """
        found = self._class(_dotted(file), path[-1]) or self._imported(_dotted(file), path)
        return self._in_class(*found, name) if found else ""

    def _in_class(self, module: str, cls: ast.ClassDef, name: str) -> str:
        """Return what a class says of a field, or a class that it inherits from."""
        under = _under(cls.body)
        if name in under:
            return under[name]
        for match in _ENTRY.finditer(ast.get_docstring(cls) or ""):
            if name in match[1].split(", "):
                return first_paragraph(cleandoc(match[2]))
        for statement in cls.body:
            if isinstance(statement, ast.AnnAssign) and _name(statement.target) == name:
                return self._of_type(module, statement.annotation)
        bases = (self._class(module, base.id) for base in cls.bases if isinstance(base, ast.Name))
        found = (self._in_class(*base, name) for base in bases if base)
        return next((said for said in found if said), "")

    def _of_type(self, module: str, annotation: ast.expr) -> str:
        """Return what the first type in an annotation means that says anything."""
        names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]
        return next((said for name in names if (said := self._said(module, name))), "")

    def _said(self, module: str, name: str) -> str:
        known = self._module(module)
        if name in known.words:
            return known.words[name]
        if name in known.classes:
            return first_paragraph(ast.get_docstring(known.classes[name]))
        return self._said(*known.imports[name]) if name in known.imports else ""

    def _class(self, module: str, name: str) -> tuple[str, ast.ClassDef] | None:
        known = self._module(module)
        if name in known.classes:
            return module, known.classes[name]
        return self._class(*known.imports[name]) if name in known.imports else None

    def _imported(self, module: str, path: tuple[str, ...]) -> tuple[str, ast.ClassDef] | None:
        """Return a class that the module knows only by what it imports (an alias of a type)."""
        places = {place for place, _ in self._module(module).imports.values()}
        found = (self._class(place, path[-1]) for place in sorted(places))
        return next((one for one in found if one), None)

    def _read(self, module: str) -> _Module:
        known = _Module()
        file = self._sources / Path(*module.split(".")).with_suffix(".py")
        if not file.is_file():
            return known
        try:
            body = ast.parse(file.read_text(encoding="utf-8")).body
        except (SyntaxError, ValueError) as error:
            raise BadContract(file.relative_to(self._sources.parents[1]), error) from None
        known.words.update(_under(body))
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                known.classes[statement.name] = statement
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                for alias in statement.names:
                    place = statement.module, alias.name
                    known.imports[alias.asname or alias.name] = place
        return known


def _dotted(file: str) -> str:
    """Return the name of a module that lies in a folder ``src``."""
    return ".".join(Path(file.rpartition("src/")[2]).with_suffix("").parts)


def _under(body: list[ast.stmt]) -> dict[str, str]:
    """Return the strings under assignments, by the name that is assigned."""
    found = {}
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.AnnAssign(target=target) | ast.Assign(targets=[target]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[_name(target)] = first_paragraph(cleandoc(text))
    return found


def _name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else ""
