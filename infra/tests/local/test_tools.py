import hashlib
import importlib.util
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from infra import tools
from infra.tools import Tool, install
from infra.tools.install import CommandError, Commands, ToolError

OFFLINE = "error sending request for url: dns error: failed to lookup address information"


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """One tool in a folder of its own, and what its installation is to do, by attempt."""
    made: list[str] = []
    outcomes: list[Exception] = []

    def build(source: Path, target: Path, commands: Commands, note) -> None:
        made.append(target.name)
        if outcomes:
            raise outcomes.pop(0)
        target.mkdir(exist_ok=True)

    (tmp_path / "engines" / "thing").mkdir(parents=True)
    (tmp_path / "engines" / "thing" / "lock").write_text("1")
    tool = Tool("thing", "the thing", ("lock",), build, 1)
    monkeypatch.setattr(tools, "ENGINES", tmp_path / "engines")
    monkeypatch.setattr(tools, "ALL", {"thing": tool})
    monkeypatch.setattr(tools, "WAIT_SECONDS", 0.0)
    return SimpleNamespace(
        made=made, outcomes=outcomes, tool=tool, root=tmp_path / "tools",
        lock=tmp_path / "engines" / "thing" / "lock",
    )  # fmt: skip


def test_a_tool_is_installed_once(installed):
    tools.ensure("thing", root=installed.root)
    tools.ensure("thing", root=installed.root)
    tools.ensure(root=installed.root)
    assert installed.made == ["thing"]


def test_a_changed_lock_installs_anew(installed):
    tools.ensure(root=installed.root)
    installed.lock.write_text("2")
    tools.ensure(root=installed.root)
    assert installed.made == ["thing", "thing"]


def test_a_removed_tool_is_installed_again(installed):
    tools.ensure(root=installed.root)
    (installed.root / "thing" / tools.STAMP).unlink()
    tools.ensure(root=installed.root)
    assert len(installed.made) == 2


def test_an_installation_that_failed_is_not_taken_as_complete(installed):
    installed.outcomes.append(CommandError("broken package"))
    with pytest.raises(ToolError):
        tools.ensure(root=installed.root)
    assert not installed.tool.is_ready(installed.root)
    tools.ensure(root=installed.root)
    assert installed.tool.is_ready(installed.root)


def test_a_failed_reinstallation_leaves_no_stamp_of_the_former_one(installed):
    tools.ensure(root=installed.root)
    installed.lock.write_text("2")
    installed.outcomes.append(CommandError("broken package"))
    with pytest.raises(ToolError):
        tools.ensure(root=installed.root)
    installed.lock.write_text("1")
    assert not installed.tool.is_ready(installed.root)


def test_a_network_failure_is_tried_again(installed):
    installed.outcomes += [CommandError(OFFLINE)]
    tools.ensure(root=installed.root)
    assert len(installed.made) == 2


def test_a_network_that_stays_away_is_told_with_what_to_do(installed):
    installed.outcomes += [CommandError(OFFLINE)] * 2
    with pytest.raises(ToolError, match="Installing the thing failed") as caught:
        tools.ensure(root=installed.root)
    assert "dns error" in str(caught.value)
    assert "Check the network" in caught.value.remedy


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("Hash mismatch for ministack (connection was fine)", "A registry or mirror served"),
        ("npm error code EINTEGRITY", "A registry or mirror served"),
        ("write error: No space left on device", "Free some disk space"),
        ("something else", "Run the same command again"),
    ],
)
def test_other_failures_are_told_at_once(installed, output, remedy):
    installed.outcomes.append(CommandError(output))
    with pytest.raises(ToolError) as caught:
        tools.ensure(root=installed.root)
    assert remedy in caught.value.remedy
    assert len(installed.made) == 1


def test_a_full_disk_is_told_before_anything_is_downloaded(installed, monkeypatch):
    monkeypatch.setattr(tools, "ALL", {"thing": replace(installed.tool, megabytes=10**9)})
    with pytest.raises(ToolError, match="disk space"):
        tools.ensure(root=installed.root)
    assert installed.made == []


def test_what_a_tool_needs_is_installed_before_it(installed, monkeypatch):
    needing = replace(installed.tool, name="needing", inputs=(), needs=("thing",))
    monkeypatch.setattr(tools, "ALL", {"thing": installed.tool, "needing": needing})
    tools.ensure("needing", root=installed.root)
    assert installed.made == ["thing", "needing"]


def test_every_tool_is_made_from_committed_files():
    for tool in tools.ALL.values():
        assert tool.fingerprint()
        assert set(tool.needs) <= set(tools.ALL)


def test_a_failed_command_tells_the_end_of_its_output(tmp_path):
    code = "print('first'); print('the cause'); raise SystemExit(2)"
    with pytest.raises(CommandError, match="the cause"):
        Commands().run(sys.executable, "-c", code, cwd=tmp_path)


def test_nothing_is_started_after_a_stop(tmp_path):
    commands = Commands()
    commands.stop()
    with pytest.raises(CommandError):
        commands.run(sys.executable, "-c", "open('started', 'w')", cwd=tmp_path)
    assert not (tmp_path / "started").exists()


# ---- jars


@pytest.fixture
def repository(monkeypatch, tmp_path):
    """The jar downloader on a repository that serves what a test says, attempt by attempt."""
    served: list[bytes] = []

    class Artifact:
        filename = "engine-1.0.jar"
        cached_path = tmp_path / "cache" / filename

        def resolve(self) -> Path:
            if not self.cached_path.exists():  # as jgo does: what is there counts as complete
                self.cached_path.parent.mkdir(exist_ok=True)
                self.cached_path.write_bytes(served.pop(0))
            return self.cached_path

    artifact = Artifact()
    component = SimpleNamespace(artifact=lambda **_: artifact)
    context = SimpleNamespace(project=lambda *_: SimpleNamespace(at_version=lambda _: component))
    dependency = SimpleNamespace(
        groupId="g", artifactId="engine", version="1.0", classifier=None, packaging="jar",
        is_modular=False, sha256=hashlib.sha256(b"whole").hexdigest(),
    )  # fmt: skip
    lock = SimpleNamespace(dependencies=[dependency])
    for name, attributes in {
        "jgo": {},
        "jgo.env": {"LockFile": SimpleNamespace(load=lambda _: lock)},
        "jgo.maven": {"MavenContext": lambda **_: context},
    }.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
    script = Path(tools.__file__).parent / "fetch_jars.py"
    spec = importlib.util.spec_from_file_location("fetch_jars", script)
    assert spec
    assert spec.loader
    fetch_jars = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fetch_jars)
    monkeypatch.setattr(fetch_jars.time, "sleep", lambda _: None)
    jar = tmp_path / "tool" / ".jgo" / "jars" / "engine-1.0.jar"
    return SimpleNamespace(
        served=served, cached=artifact.cached_path, jar=jar,
        fetch=lambda: fetch_jars.main(Path("lock"), tmp_path / "tool"),
    )  # fmt: skip


def test_a_jar_lands_in_its_place(repository):
    repository.served += [b"whole"]
    repository.fetch()
    assert repository.jar.read_bytes() == b"whole"


def test_half_a_jar_of_an_interrupted_download_is_downloaded_anew(repository):
    repository.cached.parent.mkdir()
    repository.cached.write_bytes(b"who")
    repository.served += [b"whole"]
    repository.fetch()
    assert repository.jar.read_bytes() == b"whole"


def test_a_jar_with_another_hash_is_never_used(repository):
    repository.served += [b"other"] * 4
    with pytest.raises(SystemExit, match="SHA-256"):
        repository.fetch()
    assert not repository.jar.exists()


def test_a_jar_that_is_there_is_not_downloaded_again(repository):
    repository.served += [b"whole"]
    repository.fetch()
    repository.fetch()
    assert repository.jar.read_bytes() == b"whole"


def test_a_jar_that_is_no_longer_locked_is_removed(repository):
    repository.served += [b"whole"]
    old = repository.jar.parent / "engine-0.9.jar"
    old.parent.mkdir(parents=True)
    old.touch()
    repository.fetch()
    assert not old.exists()


def test_a_plugin_is_unpacked_beside_the_jars(tmp_path):
    target = tmp_path / "engine"
    plugin = target / ".jgo" / "jars" / "plugin-1.0.zip"

    class Fetching(Commands):
        def run(self, *command, **_):
            plugin.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(plugin, "w") as zipped:
                zipped.writestr("plugin-1.0.jar", "code")

    old = target / ".jgo" / "plugins" / "plugin-0.9.jar"
    old.parent.mkdir(parents=True)
    old.touch()
    install.jars(tmp_path, target, Fetching(), lambda _: None)
    assert [jar.name for jar in (target / ".jgo" / "plugins").iterdir()] == ["plugin-1.0.jar"]
    places = tools.class_path("engine", tmp_path).split(":")
    assert places.index(f"{plugin.parent}/*") < places.index(f"{old.parent}/*")
