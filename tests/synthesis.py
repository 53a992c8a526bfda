"""What the CDK app makes of a stage: synthesised once for all tests, again only if code changed."""

import fcntl
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from infra import deploying
from infra.archive import digest
from infra.paths import BUILD, ROOT
from infra.stages import Stage

Json = dict[str, Any]
_INPUTS = ("*/src/**/*", "services/**/*", "runtime/*.lock", "*/pyproject.toml")


@dataclass(frozen=True)
class Resource:
    """A resource of a template.

    Attributes
    ----------
    stack, logical_id
        Where it is.
    document
        The resource as the template has it.
    """

    stack: str
    logical_id: str
    document: Json

    def __str__(self) -> str:
        return f"{self.stack}/{self.logical_id}"

    @property
    def type(self) -> str:
        """Its CloudFormation type."""
        return str(self.document["Type"])

    @property
    def properties(self) -> Json:
        """Its properties."""
        properties: Json = self.document.get("Properties", {})
        return properties


@dataclass(frozen=True)
class Template:
    """A stack's template, and the bundles beside it."""

    stack: str
    document: Json
    bundles: dict[str, Path]

    def resources(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types; all if none is named."""
        for logical_id, document in self.document["Resources"].items():
            if not types or document["Type"] in types:
                yield Resource(self.stack, logical_id, document)

    def get(self, logical_id: str) -> Resource:
        """Return a resource by its logical id."""
        return Resource(self.stack, logical_id, self.document["Resources"][logical_id])

    @property
    def handlers(self) -> list[str]:
        """What Lambda calls, in order."""
        functions = self.resources("AWS::Lambda::Function")
        return sorted({str(function.properties["Handler"]) for function in functions})

    def unpack(self, folder: Path) -> list[Path]:
        """Unpack the bundles; return what goes on the search path, in Lambda's order."""
        for name in ("Code", "Dependencies"):
            with zipfile.ZipFile(self.bundles[name]) as archive:
                archive.extractall(folder / name)
        return [folder / "Code", folder / "Dependencies" / "python"]


@dataclass(frozen=True)
class Assembly:
    """A cloud assembly."""

    folder: Path

    @cached_property
    def templates(self) -> dict[str, Template]:
        """The templates by the service's name, ``platform`` among them."""
        manifest = json.loads((self.folder / "manifest.json").read_text())
        found = {}
        for name, artifact in sorted(manifest["artifacts"].items()):
            if artifact["type"] == "aws:cloudformation:stack":
                file = self.folder / artifact["properties"]["templateFile"]
                service = name.split("-", 2)[2]
                found[service] = Template(service, json.loads(file.read_text()), self._zips(name))
        return found

    def resources(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types in all stacks."""
        for template in self.templates.values():
            yield from template.resources(*types)

    def _zips(self, stack: str) -> dict[str, Path]:
        assets = json.loads((self.folder / f"{stack}.assets.json").read_text())["files"].values()
        return {
            asset["displayName"]: self.folder / asset["source"]["path"]
            for asset in assets
            if asset["source"]["path"].endswith(".zip")
        }


@cache
def synthesised(stage: str) -> Assembly:
    """Return the assembly of all stacks of a stage.

    Workers of one test run share it: the first one synthesises, the others wait for it.
    """
    home = BUILD / "tests" / f"{stage}-{_inputs()}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home / ".done"
        if not done.exists():
            names = deploying.chosen(deploying.ALL)
            deploying.synthesise(Stage.of(stage), names, home / "cdk.out")
            done.touch()
    return Assembly(home / "cdk.out")


@cache
def _inputs() -> str:
    files = {
        path
        for pattern in _INPUTS
        for path in ROOT.glob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }
    parts = [part for path in sorted(files) for part in (str(path), path.read_bytes())]
    return digest(parts)
