"""What a search costs: the engine's own time, and what the function that asks it adds.

The engine is a real one, started here and filled with `DOCUMENTS` documents of one tenant. The
function is that of the shipped bundle, on a bare interpreter, in a process of its own: it answers
the queries of `bench.shop`, and after each the client alone, as the function has it, sends the same
query once more. The elapsed time counts, not the CPU's, because the engine's is part of both.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from opensearchpy import OpenSearch

from bench import shop
from bench.installations import bare, shipped
from bench.timing import CommandFailed, Timing
from infra import tools
from infra.discovery import Service
from infra.local import engines
from search_sync.domain.documents import document, document_id
from search_sync.engine.client import ALIAS
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Write

DOCUMENTS = 100_000
BULK = 2_000
PROCESSES = 7
PASSES = 2
"""How often each process answers every query, once unmeasured before."""

# Apart from the ports of the local stages and of the tests, below the last that the engine takes.
_PORTS = range(9270, 9281)

# The function's own secret needs AWS, and is read once a process: it is given.
_ASK = """
import json, sys, time
from runtime import cursor
from runtime.cursor import Cursors
cursor._connected = lambda: Cursors("bench")
from opensearchpy import OpenSearch
from search_sync.api.search import handler
from search_sync.engine.client import ALIAS, connected

url, given, told = sys.argv[1:]
plan = json.load(open(given))
bare, ours = OpenSearch(hosts=[url]), connected()
transport = ours.transport
perform = transport.perform_request
asked = []

def listen(method, path, **request):
    answer = perform(method, path, **request)
    if isinstance(answer, dict) and "took" in answer:
        asked.append((request["body"], answer["took"]))
    return answer

transport.perform_request = listen
tenant = plan["tenant"]
place = {"routing": tenant, "preference": tenant}
pairs, tooks = [], []

def ask(query):
    event = json.loads(json.dumps(plan["event"]) )
    event["queryStringParameters"] = query
    asked.clear()
    began = time.perf_counter()
    answer = handler(event, None)
    seconds = time.perf_counter() - began
    assert answer["statusCode"] == 200, answer
    return seconds, json.loads(answer["body"]), asked[-1][0], sum(took for _, took in asked)

def ask_alone(body):
    body = {name: value for name, value in body.items() if name != "pit"}
    began = time.perf_counter()
    bare.search(index=ALIAS, body=body, params=place)
    return time.perf_counter() - began

for number in range(plan["passes"] + 1):
    for query in plan["queries"]:
        for _ in "first page", "second page":
            seconds, answer, body, took = ask(query)
            if number:
                pairs.append((ask_alone(body), seconds))
                tooks.append(took)
            if not answer["next_cursor"]:
                break
            query = query | {"cursor": answer["next_cursor"]}
        if answer["next_cursor"]:
            # Nobody goes on: what the engine keeps for the next page must not pile up here.
            bare.delete_all_pits()
json.dump({"pairs": pairs, "tooks": tooks}, open(told, "w"))
"""


class Searched(NamedTuple):
    """What the searches of all processes came to.

    Attributes
    ----------
    tooks
        The engine's own time of each, in milliseconds, as it says.
    pairs
        Seconds of the client alone, and of the function.
    """

    tooks: list[float]
    pairs: list[tuple[float, float]]

    @property
    def took_p95(self) -> float:
        """The engine's own time that 95 of 100 searches stay within, in milliseconds."""
        return statistics.quantiles(self.tooks, n=100)[94]

    @property
    def added(self) -> float:
        """What the function adds to the client alone, in milliseconds: the median of the pairs."""
        return 1000 * statistics.median(ours - alone for alone, ours in self.pairs)

    @property
    def timing(self) -> Timing:
        """What both take, in elapsed time."""
        ratios = [ours / alone for alone, ours in self.pairs]
        lower, _, upper = statistics.quantiles(ratios, n=4)
        return Timing(
            ratio=statistics.median(ratios),
            spread=(lower, upper),
            baseline_seconds=statistics.median(alone for alone, _ in self.pairs),
            candidate_seconds=statistics.median(ours for _, ours in self.pairs),
            rounds=len(self.pairs),
        )


_done: dict[tuple[str, int], Searched] = {}


def searched(service: Service, processes: int, tick: Callable[[], None]) -> Searched:
    """Fill an engine and search it; measured once a run, whatever is asked of it.

    Parameters
    ----------
    service
        Whose function searches.
    processes
        How many processes do, one after the other.
    tick
        Called after each bulk and each process, `ticks` times.
    """
    if known := _done.get((service.name, processes)):
        return known
    with _engine() as url:
        _fill(url, tick)
        tooks: list[float] = []
        pairs: list[tuple[float, float]] = []
        for _ in range(processes):
            said = _asked(service, url)
            tooks += said["tooks"]
            pairs += [(alone, ours) for alone, ours in said["pairs"]]
            tick()
    return _done.setdefault((service.name, processes), Searched(tooks, pairs))


def ticks(processes: int) -> int:
    """Return how often `searched` calls back."""
    return -(-DOCUMENTS // BULK) + processes


def _fill(url: str, tick: Callable[[], None]) -> None:
    with contextlib.closing(OpenSearch(hosts=[url], timeout=60)) as client:
        writer = OpenSearchWriter(client)
        rows = shop.rows(DOCUMENTS)
        while bulk := [_write(row) for row in islice(rows, BULK)]:
            if failures := writer.write(bulk):
                raise RuntimeError(f"not indexed: {failures[0].reason}")
            tick()
        client.indices.refresh(index=ALIAS)
        # As an index is that was not filled within a minute, but in the course of time.
        client.indices.forcemerge(index=ALIAS, params={"max_num_segments": 5})
        found = client.count(index=ALIAS)["count"]
        if found != DOCUMENTS:
            raise RuntimeError(f"{found} documents are there, not {DOCUMENTS}")


def _write(row: Any) -> Write:
    return Write(document_id(row.tenant, row.kind, row.id), row.tenant, 1, document(row))


def _asked(service: Service, url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        given, told = Path(temporary, "given.json"), Path(temporary, "told.json")
        plan = {
            "tenant": shop.TENANT,
            "passes": PASSES,
            "queries": shop.queries(),
            "event": _event(),
        }
        given.write_text(json.dumps(plan))
        environment = {
            "PYTHONPATH": os.pathsep.join(map(str, shipped(service))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SEARCH_ENDPOINT": url,
            "AWS_REGION": "eu-west-1",
            "LOG_LEVEL": "INFO",
            "POWERTOOLS_SERVICE_NAME": "bench",
            "STARLING_SERVICE": "bench",
            "STARLING_STAGE": "bench",
        }
        done = subprocess.run(  # noqa: S603 - our own commands
            [bare(), "-c", _ASK, url, str(given), str(told)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"searching ended with {done.returncode}: {done.stderr[-2000:]}")
        answer: dict[str, Any] = json.loads(told.read_text())
        return answer


def _event() -> dict[str, Any]:
    """Return a request as an HTTP API passes it on, whose authorizer has read the token."""
    claims = {"sub": "ada", "custom:tenant": shop.TENANT, "cognito:groups": "[member]"}
    return {
        "headers": {"authorization": "Bearer …"},
        "queryStringParameters": {},
        "requestContext": {"requestId": "bench", "authorizer": {"jwt": {"claims": claims}}},
        "isBase64Encoded": False,
    }


@contextmanager
def _engine() -> Iterator[str]:
    """Run an OpenSearch of its own and yield its URL; its data go with it."""
    tools.ensure("opensearch")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "logs").mkdir()
        daemon = engines.start_search(folder, next(port for port in _PORTS if _free(port)))
        try:
            engines.wait_until_ready(daemon, engines.SEARCH_READY)
            yield f"http://127.0.0.1:{daemon.port}"
        finally:
            daemon.stop()


def _free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
