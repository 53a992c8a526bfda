import operator
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.journey_steps import until
from infra.local.daemon import Daemon, spawn, start_time

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(60)']); print(child.pid, flush=True); time.sleep(60)"
)


@pytest.fixture
def start(tmp_path: Path):
    started: list[Daemon] = []

    def run(code: str) -> Daemon:
        daemon = spawn(
            "The engine", [sys.executable, "-c", code], env=dict(os.environ), cwd=tmp_path,
            port=1, log=tmp_path / "engine.log",
        )  # fmt: skip
        started.append(daemon)
        return daemon

    yield run
    for daemon in started:
        daemon.kill()


def first_line(daemon: Daemon) -> str:
    text = until("a line was written", Path(daemon.log).read_text, lambda text: "\n" in text, 120)
    return text.strip()


def test_a_daemon_lives_until_it_is_stopped(start):
    daemon = start("import time; time.sleep(60)")
    assert daemon.is_alive
    daemon.stop()
    assert not daemon.is_alive


def test_stopping_ends_the_processes_that_the_daemon_started(start):
    daemon = start(PARENT)
    child = int(first_line(daemon))
    assert start_time(child) is not None
    daemon.stop()
    assert start_time(child) is None


def test_a_daemon_that_ignores_the_request_to_end_is_killed(start):
    daemon = start(STUBBORN)
    first_line(daemon)
    daemon.stop(grace_seconds=0.1)
    assert not daemon.is_alive


def test_children_are_ended_even_if_the_daemon_has_died(start):
    daemon = start(PARENT)
    child = int(first_line(daemon))
    os.kill(daemon.pid, 9)
    until("it has ended", lambda: daemon.is_alive, operator.not_, 120)
    daemon.stop()
    assert start_time(child) is None


def test_another_process_with_a_reused_pid_is_left_alone():
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        stale = Daemon("The engine", other.pid, "long ago", 1, "/dev/null", "")
        assert not stale.is_alive
        stale.stop()
        stale.kill()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_end_of_the_log_tells_why_a_daemon_died(start):
    daemon = start("print('out of memory'); raise SystemExit(3)")
    first_line(daemon)
    error = daemon.died()
    assert "The engine ended by itself" in str(error)
    assert "out of memory" in str(error)
    assert daemon.log in str(error)
    assert "starling up" in error.remedy


def test_a_missing_log_is_told_instead_of_hiding_the_failure(start):
    daemon = replace(start("pass"), log="/nonexistent/engine.log")
    assert "No such file" in daemon.tail()
