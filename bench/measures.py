"""What is measured: each measure by name, what it is held to, and how it is taken."""

import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from bench import envelope, searching, thumbnails
from bench.installations import (
    bare,
    compiled,
    shipped,
    untrimmed_bytes,
    uploaded_bytes,
    with_boto3,
    with_opensearch,
)
from bench.timing import Command, Timed, Timing, compare
from infra.discovery import Declared, Service, declared, services
from infra.paths import BUILD, ROOT
from runtime.endpoint import Endpoint
from runtime.messages import NoQuery
from runtime.reaction import Reaction
from runtime.resolver import Resolver

BUDGETS = Path(__file__).with_name("budgets.toml")
SYNTH_ROUNDS = 7  # a pair takes some ten seconds

# What Lambda does before a function's first event: import the module; and what the first event
# would else wait for: read the declaration's models, make the collaborators and their clients.
_START = """
import importlib
handler = importlib.import_module({module!r}).handler
handler.prepare()
from runtime import clients
assert clients._client.cache_info().currsize, "no client was made"
import os
os._exit(0)
"""
# Both end at once when they are ready: nobody waits for the end of a function's process, so what
# tidying up costs is no part of a start.
_BASELINE = """
import os
import boto3
boto3.client("dynamodb")
os._exit(0)
"""
# The same of what asks the search engine: it has that client, and for cursors one that reads their
# secret, which is not asked here.
_START_SEARCHING = """
import importlib
from runtime import clients, cursor
def connected():
    clients.client("secretsmanager")
    return cursor.Cursors("bench")
cursor._connected = connected
handler = importlib.import_module({module!r}).handler
handler.prepare()
from search_sync.engine.client import connected
assert connected.cache_info().currsize, "no client was made"
import os
os._exit(0)
"""
# The bare client of a domain on AWS: it signs.
_SEARCH_BASELINE = """
import os
import botocore.session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
session = botocore.session.Session()
region = session.get_config_variable("region")
signer = Urllib3AWSV4SignerAuth(session.get_credentials(), region, "es")
OpenSearch(hosts=[os.environ["SEARCH_ENDPOINT"]], http_auth=signer)
os._exit(0)
"""
_DOMAIN = {"SEARCH_ENDPOINT": "https://search-bench.eu-west-1.es.amazonaws.com"}
_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/bench"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "BUS_NAME": "bench",
    "CURSOR_SECRET_ID": "bench",
    "DEAD_LETTER_QUEUE_URL": _URL,
    "DOCUMENTS_BUCKET": "bench",
    "FAILURE_QUEUE_URL": _URL,
    "LIBRARY_BUCKET": "bench",
    "LOG_LEVEL": "INFO",
    "NOTIFICATIONS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:bench",
    "PAYMENTS_SECRET_ARN": "bench",
    "PAYMENT_WEBHOOKS_QUEUE_URL": _URL,
    "POWERTOOLS_SERVICE_NAME": "bench",
    "QUEUE_ATTEMPTS": "5",
    "QUEUE_URL": _URL,
    "SEARCH_ENDPOINT": "http://127.0.0.1:9",
    "STARLING_SERVICE": "bench",
    "STARLING_STAGE": "bench",
    "TABLE_NAME": "bench",
    "UPLOADS_BUCKET": "bench",
}

Tick = Callable[[], None]


@dataclass(frozen=True)
class Result:
    """What a measure came to; `value` is held to the budget."""

    value: float
    timing: Timing | None = None


@dataclass(frozen=True)
class Measure:
    """A claim that is measured.

    Attributes
    ----------
    name
        As in ``build/bench.json``: the budget's table, a dot, and what is measured.
    budget
        The most that the value may be.
    unit
        Of the value.
    rounds
        How many pairs it takes.
    take
        Takes it; calls back after each pair.
    """

    name: str
    budget: float
    unit: str
    rounds: int
    take: Callable[[Tick], Result]


def budgets() -> dict[str, dict[str, float]]:
    """Return the budgets by table and name."""
    return tomllib.loads(BUDGETS.read_text(encoding="utf-8"))


def measures(rounds: int) -> Iterator[Measure]:
    """Yield every measure.

    Parameters
    ----------
    rounds
        How many pairs of processes a ratio is taken from; at most `SYNTH_ROUNDS` for synthesis.
    """
    held = budgets()
    by_name = {service.name: service for service in services()}

    def starts(name: str, budget: float, module: str, service: Service) -> Measure:
        def take(tick: Tick) -> Result:
            baseline = Command([with_boto3(), "-c", _BASELINE], _environment())
            return _ratio(baseline, _start(module, shipped(service)), rounds, tick)

        return Measure(name, budget, "ratio", rounds, take)

    start = held["start"]
    orders = by_name["orders"]
    place_order = "orders.api.place_order"
    for service in by_name.values():
        if (ROOT / f"contracts/src/contracts/events/{service.package}.py").exists():
            name = f"start.publisher-of-{service.name}"
            yield starts(name, start["publisher"], "runtime.publisher", service)
    kinds = (("api", Endpoint, "endpoint"), ("reactions", Reaction, "reaction"))
    for service, (part, kind, budgeted) in product(by_name.values(), kinds):
        for function in declared(service, part, kind):
            name = f"{service.name}.{function.name}"
            if name in held["start-searching"]:
                continue  # its baseline is another
            if "cursor" in getattr(function.declaration, "query", NoQuery).model_fields:
                continue  # before its first request it reads a secret over the network
            module = function.handler.removesuffix(".handler")
            budget = held["start-of"].get(name, start[budgeted])
            yield starts(f"start.{name}", budget, module, service)

    finder = by_name["search-sync"]
    asking = [*declared(finder, "api", Endpoint), *declared(finder, "resolvers", Resolver)]
    for function in asking:
        yield _searching_start(function, held["start-searching"], finder, rounds)

    def bundle(tick: Tick) -> Result:
        path = shipped(orders)
        baseline = _start(place_order, compiled(path))
        return _ratio(baseline, _start(place_order, path), rounds, tick)

    budget = held["bundle"]["shipped-over-compiled"]
    yield Measure("bundle.shipped-over-compiled", budget, "ratio", rounds, bundle)

    def whole(tick: Tick) -> Result:
        ratio = uploaded_bytes(finder) / untrimmed_bytes(finder)
        tick()
        return Result(ratio)

    budget = held["bundle"]["search-sync-over-untrimmed"]
    yield Measure("bundle.search-sync-over-untrimmed", budget, "ratio", 1, whole)
    few = min(rounds, SYNTH_ROUNDS)

    def synth(tick: Tick) -> Result:
        timing = compare(_synth("orders"), _synth("all"), few, tick)
        more = _functions("all") - _functions("orders")

        def each(ratio: float) -> float:
            return (ratio - 1) / more

        low, high = timing.spread
        shown = replace(timing, ratio=each(timing.ratio), spread=(each(low), each(high)))
        return Result(shown.ratio, shown)

    budget = held["synth"]["function-over-stack"]
    yield Measure("synth.function-over-stack", budget, "ratio", few, synth)

    def event(tick: Tick) -> Result:
        return _ratio(envelope.baseline(), envelope.candidate(), rounds, tick)

    budget = held["envelope"]["event-over-dump"]
    yield Measure("envelope.event-over-dump", budget, "ratio", rounds, event)
    yield from _thumbnails(held["thumbnails"], by_name["media"], rounds)
    yield from _searches(held["search"], finder, rounds)
    for name, budget in held["megabytes"].items():
        yield Measure(f"megabytes.{name}", budget, "MB", 1, _size(by_name[name]))


def _thumbnails(held: Mapping[str, float], media: Service, rounds: int) -> Iterator[Measure]:
    few = min(rounds, thumbnails.MEMORY_ROUNDS)

    def cpu(tick: Tick) -> Result:
        return _ratio(thumbnails.plain(media), thumbnails.ours(media), rounds, tick)

    def peak_memory(tick: Tick) -> Result:
        return Result(thumbnails.peak_ratio(media, few, tick))

    def unlikeness(tick: Tick) -> Result:
        unlike = thumbnails.unlikeness(media)
        tick()
        return Result(unlike)

    yield Measure("thumbnails.cpu", held["cpu"], "ratio", rounds, cpu)
    yield Measure("thumbnails.peak-memory", held["peak-memory"], "ratio", few, peak_memory)
    yield Measure("thumbnails.unlikeness", held["unlikeness"], "1 - SSIM", 1, unlikeness)


def _searching_start(
    function: Declared[Any], budgets: Mapping[str, float], service: Service, rounds: int
) -> Measure:
    name = f"{service.name}.{function.name}"
    module = function.handler.removesuffix(".handler")

    def take(tick: Tick) -> Result:
        python = with_opensearch(service)
        baseline = Command([python, "-c", _SEARCH_BASELINE], _environment(_DOMAIN))
        ours = _start(module, shipped(service), _START_SEARCHING, _DOMAIN)
        return _ratio(baseline, ours, rounds, tick)

    return Measure(f"start.{name}", budgets[name], "ratio", rounds, take)


def _searches(held: Mapping[str, float], service: Service, rounds: int) -> Iterator[Measure]:
    processes = min(rounds, searching.PROCESSES)
    ticks = searching.ticks(processes)

    def engine(tick: Tick) -> Result:
        return Result(searching.searched(service, processes, tick).took_p95)

    def function(tick: Tick) -> Result:
        found = searching.searched(service, processes, tick)
        return Result(found.added, found.timing)

    yield Measure("search.engine-p95", held["engine-p95"], "ms", ticks, engine)
    yield Measure("search.function-adds", held["function-adds"], "ms", ticks, function)


def _ratio(baseline: Timed, candidate: Timed, rounds: int, tick: Tick) -> Result:
    timing = compare(baseline, candidate, rounds, tick)
    return Result(timing.ratio, timing)


def _size(service: Service) -> Callable[[Tick], Result]:
    def take(tick: Tick) -> Result:
        size = uploaded_bytes(service) / 1e6
        tick()
        return Result(size)

    return take


def _start(
    module: str, path: list[Path], program: str = _START, more: Mapping[str, str] | None = None
) -> Command:
    search = {"PYTHONPATH": os.pathsep.join(map(str, path)), **(more or {})}
    return Command([bare(), "-c", program.format(module=module)], _environment(search))


def _environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    # Nothing of the caller's: a setting of this shell must not be part of the measure. Bytecode
    # is not written, so that every process finds what the first one found.
    return {**_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1", **(more or {})}


def _synth(what: str) -> Command:
    # The command that people give, on the stage that they give it for most often.
    starling = Path(sys.executable).with_name("starling")
    return Command([starling, "synth", what, "--stage", "local"], os.environ)


def _functions(what: str) -> int:
    # Where `starling synth` has put them.
    folder = BUILD / "cdk.out" / f"local-{what}"
    templates = [json.loads(file.read_text()) for file in folder.glob("*.template.json")]
    kinds = [one["Type"] for template in templates for one in template["Resources"].values()]
    return kinds.count("AWS::Lambda::Function")
