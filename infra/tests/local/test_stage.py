import fcntl
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from infra.errors import StarlingError
from infra.journey_steps import until
from infra.local import engines, stage
from infra.local.daemon import spawn
from infra.progress import Steps

SERVER = (
    "import http.server, sys; print('ready', flush=True); "
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), type('H', (http.server."
    "BaseHTTPRequestHandler,), {'do_GET': lambda self: (self.send_response(200), "
    "self.end_headers(), self.wfile.write(sys.argv[2].encode())), "
    "'log_message': lambda *_: None})).serve_forever()"
)
ENGINES = ["emulator", "opensearch", "vision", "payments"]
BROKEN = "print('no heap left'); raise SystemExit(1)"


class Code(dict[str, str]):
    """The source of each engine, and what each was told of the others when it was started."""

    def __init__(self, sources: dict[str, str]) -> None:
        super().__init__(sources)
        self.told: dict[str, dict[str, int]] = {}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def engine_code(monkeypatch, tmp_path):
    """The stage `test` in a folder of its own, with engines that only answer GETs."""
    code = Code(dict.fromkeys(ENGINES, SERVER))

    def starter(key: str):
        def start(folder: Path, port: int, mark: str, **others: int):
            code.told[key] = others
            return spawn(
                key, [sys.executable, "-c", code[key], str(port), mark], env={}, cwd=folder,
                port=port, log=folder / "logs" / f"{key}.log", mark=mark,
            )  # fmt: skip

        return start

    monkeypatch.setattr(stage, "STAGES", tmp_path)
    monkeypatch.setattr(engines, "start_emulator", starter("emulator"))
    monkeypatch.setattr(engines, "start_search", starter("opensearch"))
    monkeypatch.setattr(engines, "start_vision", starter("vision"))
    monkeypatch.setattr(engines, "start_payments", starter("payments"))
    monkeypatch.setattr("infra.stages._LAST_SEARCH_PORT", 65535)
    for engine in ("EMULATOR", "SEARCH", "VISION", "PAYMENTS"):
        monkeypatch.setenv(f"STARLING_TEST_{engine}_PORT", str(free_port()))
    yield code
    stage.stop("test")


def start() -> bool:
    with Steps() as steps:
        return stage.start("test", steps)


def test_a_stage_is_up_between_start_and_stop(engine_code):
    assert not stage.is_up("test")
    assert start()
    assert stage.is_up("test")
    assert stage.stop("test") == ENGINES
    assert not stage.is_up("test")
    assert stage.daemons("test") == {}


def test_the_emulator_and_the_vision_server_are_told_of_each_other(engine_code):
    start()
    ports = {key: daemon.port for key, daemon in stage.daemons("test").items()}
    assert engine_code.told == {
        "emulator": {"vision_port": ports["vision"]},
        "vision": {"emulator_port": ports["emulator"]},
        "opensearch": {},
        "payments": {},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_left_running_when_an_engine_fails_to_start(engine_code, engine):
    engine_code[engine] = BROKEN
    with pytest.raises(StarlingError, match="no heap left"):
        start()
    assert not any(daemon.is_alive for daemon in stage.daemons("test").values())


def test_starting_a_stage_that_is_up_does_nothing(engine_code):
    start()
    before = stage.daemons("test")
    assert not start()
    assert stage.daemons("test") == before


def test_stopping_a_stage_that_is_down_stops_nothing(engine_code):
    assert stage.stop("test") == []


def test_each_start_begins_with_fresh_state(engine_code, tmp_path):
    start()
    left = tmp_path / "test" / "state" / "left-over"
    left.parent.mkdir(exist_ok=True)
    left.touch()
    stage.stop("test")
    start()
    assert not left.exists()


def test_an_engine_that_never_answers_is_told_with_its_log(engine_code, monkeypatch):
    engine_code["emulator"] = "import time; print('still loading', flush=True); time.sleep(60)"
    monkeypatch.setattr(engines, "READY_SECONDS", 0.5)
    with pytest.raises(StarlingError, match="did not answer") as caught:
        start()
    assert "still loading" in str(caught.value)


def test_another_server_on_the_port_is_not_taken_for_the_engine(engine_code, monkeypatch):
    """It takes the port after the check, before the engine does."""
    free = stage.require_free
    others = []

    def take(name: str, engine: str, port: int) -> None:
        free(name, engine, port)
        if engine == "SEARCH":
            others.append(subprocess.Popen([sys.executable, "-c", SERVER, str(port), "other"]))
            url = f"http://127.0.0.1:{port}"
            until("the other server answers", lambda: engines._get(url), bool, 120)
            monkeypatch.setattr(stage, "require_free", free)

    monkeypatch.setattr(stage, "require_free", take)
    try:
        with pytest.raises(StarlingError, match="is taken"):
            start()
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert not any(daemon.is_alive for daemon in stage.daemons("test").values())


def test_nothing_is_started_when_a_port_is_taken(engine_code, monkeypatch):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("STARLING_TEST_SEARCH_PORT", str(other.getsockname()[1]))
        with pytest.raises(StarlingError, match="is taken"):
            start()
    assert stage.daemons("test") == {}


def test_a_stage_of_which_one_process_died_is_not_up_and_starts_anew(engine_code):
    start()
    first = stage.daemons("test")
    stage.kill_search("test")
    assert not stage.is_up("test")
    assert start()
    assert stage.is_up("test")
    assert not first["emulator"].is_alive


def test_the_search_engine_comes_back_alone_on_its_data(engine_code, tmp_path):
    start()
    emulator = stage.daemons("test")["emulator"]
    data = tmp_path / "test" / "data"
    data.touch()
    stage.kill_search("test")
    stage.restart_search("test")
    assert stage.is_up("test")
    assert stage.daemons("test")["emulator"] == emulator
    assert data.exists()


def test_a_running_stage_is_found_on_its_ports_whatever_the_environment_says(
    engine_code, monkeypatch
):
    start()
    ports = {key: daemon.port for key, daemon in stage.daemons("test").items()}
    for engine in ("EMULATOR", "SEARCH", "VISION", "PAYMENTS"):
        monkeypatch.delenv(f"STARLING_TEST_{engine}_PORT")
    found = stage.local("test")
    assert found.emulator_port == ports["emulator"]
    assert found.search_port == ports["opensearch"]
    assert found.vision_port == ports["vision"]
    assert found.payments_port == ports["payments"]


def test_a_half_written_pid_file_counts_as_not_started(engine_code, tmp_path):
    start()
    running = stage.daemons("test")
    file = tmp_path / "test" / "emulator.pid.json"
    text = file.read_text()
    file.write_text(text[:10])
    assert set(stage.daemons("test")) == {"opensearch", "vision", "payments"}
    file.write_text(text)
    assert stage.daemons("test") == running


def test_two_commands_do_not_change_a_stage_at_once(engine_code, tmp_path):
    (tmp_path / "test").mkdir()
    with (tmp_path / "test" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StarlingError, match="Another command"):
            start()


def test_only_local_stages_have_processes():
    with pytest.raises(StarlingError, match="not a local stage"):
        stage.local("dev")
