"""A repository of its own, with real git: one service publishes, one reads."""

import importlib
import itertools
import json
import subprocess
import sys
import types
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts import event as event_module
from contracts import golden
from contracts.event import EventData
from contracts.gate.check import check
from contracts.gate.findings import Finding, Report
from contracts.schema import schema_path

COUNTER = itertools.count()
TODAY = date(2026, 11, 21)
REACTION = """
from typing import Annotated
from pydantic import Field
from contracts.reader import Reader

class Seen(Reader, source="starling.shop", event="{event}"):
    {fields}

class handler:
    reader = Seen
"""
METADATA = {
    "id": "01K9WH5Y0000000000000000A3",
    "occurred_at": "2026-03-03T10:00:00Z",
    "subject": "thing-1",
    "revision": 1,
    "tenant_id": "acme",
    "correlation_id": "req-1",
    "idempotency_key": "thing-1",
}


class Repository:
    """The service ``shop`` publishes; others react."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: dict[str, type[EventData]] = {}
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        run = ["git", "-C", str(self.root), *who, *arguments]
        done = subprocess.run(run, check=True, capture_output=True, text=True)  # noqa: S603 - ours
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", f"change {next(COUNTER)}")
        return self.git("rev-parse", "HEAD")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def event(self, name: str = "ThingSold", version: str = "1.0", **fields: Any) -> None:
        """Declare an event; a field is a type, or a type and its default. The shop makes it."""
        split = {
            name: kind if isinstance(kind, tuple) else (kind,) for name, kind in fields.items()
        }
        namespace = {"__annotations__": {name: kind[0] for name, kind in split.items()}}
        namespace |= {name: kind[1] for name, kind in split.items() if len(kind) > 1}
        namespace |= {"__module__": "contracts.events.shop", "__qualname__": name}
        keywords = {"source": "starling.shop", "version": version}
        cls = types.new_class(name, (EventData,), keywords, lambda body: body.update(namespace))
        self.events[cls.detail_type] = cls
        self.write(f"services/shop/src/shop/{name.lower()}.py", importing(name))

    def remove(self, name: str = "ThingSold") -> None:
        """Remove an event's class and what makes it."""
        self.events = {key: cls for key, cls in self.events.items() if cls.__name__ != name}
        (self.root / f"services/shop/src/shop/{name.lower()}.py").unlink()

    def reaction(
        self, fields: str, *, event: str = "ThingSold.v1", service: str = "loyalty", name: str = ""
    ) -> None:
        """Let a service react to an event, of which it reads these fields."""
        name = name or f"on_{event.partition('.')[0].lower()}"
        folder = f"services/{service}/src/{service}"
        self.write(f"{folder}/__init__.py", "")
        self.write(f"{folder}/reactions/__init__.py", "")
        source = REACTION.format(event=event, fields=fields)
        self.write(f"{folder}/reactions/{name}.py", source)

    def example(self, path: str, **data: Any) -> None:
        """Write the example of a version: ``ThingSold/1.0``."""
        name, _, version = path.partition("/")
        metadata = METADATA | {"schema_version": version}
        detail = {"metadata": metadata, "data": data}
        event = {
            "detail-type": f"{name}.v{version[0]}",
            "source": "starling.shop",
            "detail": detail,
        }
        self.write(f"contracts/examples/shop/{path}.json", json.dumps(event))

    def golden(self) -> None:
        """Do what ``make golden`` does."""
        self.fresh()
        golden.main([], self.root)

    def fresh(self) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] in {"loyalty", "post"}]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def check(self, against: str | None = None, today: date = TODAY) -> Report:
        self.fresh()
        return check(self.root, against, today)

    def breaks(self, against: str | None = None, today: date = TODAY) -> list[Finding]:
        return [f for f in self.check(against, today).findings if f.level == "break"]


def importing(name: str) -> str:
    return f"from contracts.events.shop import {name}\n\nMADE = {name}\n"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository without a commit."""
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    repository = Repository(tmp_path)
    monkeypatch.setattr(event_module, "declared", {})
    monkeypatch.setattr(golden, "catalogue", lambda: repository.events)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for service in ("loyalty", "post"):
        monkeypatch.syspath_prepend(str(tmp_path / "services" / service / "src"))
    yield repository
    repository.fresh()


@pytest.fixture
def repo(bare: Repository) -> Repository:
    """A repository in which ``ThingSold.v1`` is released, and the service ``loyalty`` reads it."""
    bare.event(sku=str, price=int)
    bare.reaction("sku: str")
    bare.example("ThingSold/1.0", sku="tea", price=1)
    bare.golden()
    bare.commit()
    assert schema_path(bare.events["ThingSold.v1"]).as_posix() == "shop/ThingSold/1.0.json"
    return bare
