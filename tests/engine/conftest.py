"""An OpenSearch of the tests' own, started once and stopped at the end."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from infra import tools
from infra.local import engines
from infra.local.daemon import Daemon
from search_sync.engine import client, searcher
from tests.engine.builders import Index

# Apart from the ports of the local stages, and below the last that the engine's runner takes.
PORTS = range(9281, 9300)
# Another process's engine by the same port is not taken for this one's.
MARK = f"starling-{os.getpid()}"
_PATIENCE_SECONDS = 60.0


@dataclass
class Engine:
    """A running OpenSearch."""

    folder: Path
    port: int
    daemon: Daemon

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a crash would; its data stay."""
        self.daemon.kill()

    def restart(self) -> None:
        self.daemon = engines.start_search(self.folder, self.port, MARK)
        engines.wait_until_ready(self.daemon, engines.SEARCH_READY)


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port for an engine; two who look at once would find the same ports free."""
    return next(filter(_free, random.sample(PORTS, len(PORTS))))


def be_patient(patch: pytest.MonkeyPatch) -> None:
    """Let searches take their time: a busy machine is no engine that is down."""
    patch.setattr(searcher, "answered", partial(client.answered, seconds=_PATIENCE_SECONDS))
    patch.setattr(searcher, "SEARCH_TIMEOUT", _PATIENCE_SECONDS)
    patch.setattr(searcher, "_GIVE_UP", {})


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    tools.ensure("opensearch")
    folder = tmp_path_factory.mktemp("engine")
    (folder / "logs").mkdir()
    port = free_port()
    started = Engine(folder, port, engines.start_search(folder, port, MARK))
    try:
        engines.wait_until_ready(started.daemon, engines.SEARCH_READY)
        yield started
    finally:
        started.daemon.stop()


@pytest.fixture(scope="module")
def connected(engine: Engine) -> Iterator[Index]:
    """The service's own index on that engine, with whatever was in it; the handlers find it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCH_ENDPOINT", engine.url)
        be_patient(patch)
        client.connected.cache_clear()
        yield Index(client.connected())
        client.connected().close()
        client.connected.cache_clear()


@pytest.fixture
def index(connected: Index) -> Index:
    """The same; at first there is none."""
    return without_index(connected)


def without_index(connected: Index) -> Index:
    """Delete the index, and all beside it."""
    connected.client.indices.delete(
        index=f"{client.ALIAS}*", params={"ignore": 404, "expand_wildcards": "all"}
    )
    return connected
