"""A real emulator, vision server and payments sandbox of the tests' own, and stacks on them."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from infra import aws, tools
from infra.local import engines
from infra.local.daemon import Daemon
from infra.stages import Stage


@dataclass(frozen=True)
class Answer:
    status: int
    type: str
    body: Any


@dataclass(frozen=True)
class Emulator:
    stage: Stage
    folder: Path

    def client(self, service: str) -> Any:
        return aws.client(self.stage, service)

    def deploy(self, name: str, template: dict[str, Any]) -> dict[str, str]:
        """Create a stack; return its outputs."""
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def assembly(self, folder: Path, **templates: dict[str, Any]) -> Path:
        """Write a cloud assembly of stacks, as the CDK does; `_` stands for `-`."""
        artifacts = {}
        for key, template in templates.items():
            name = key.replace("_", "-")
            (folder / f"{name}.template.json").write_text(json.dumps(template))
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "properties": {"templateFile": f"{name}.template.json"},
            }
        artifacts["Tree"] = {"type": "cdk:tree", "properties": {"file": "tree.json"}}
        (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        return folder

    def call(self, method: str, api: str, path: str, body: str | None = None) -> Answer:
        """Call a REST API as any HTTP client does."""
        request = urllib.request.Request(  # noqa: S310 - of the emulator
            f"{self.stage.emulator_url}/_aws/execute-api/{api}{path}",
            method=method,
            data=None if body is None else body.encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
                return Answer(answer.status, answer.headers["Content-Type"], json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers["Content-Type"], json.load(error))


@pytest.fixture(scope="session")
def free_ports() -> list[int]:
    """Return ports that nobody else listens on, each another one."""
    with ExitStack() as stack:
        probes = [stack.enter_context(closing(socket.socket())) for _ in range(3)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, free_ports: list[int]) -> Iterator[Emulator]:
    tools.ensure("emulator", "bare")
    folder = tmp_path_factory.mktemp("emulator")
    (folder / "logs").mkdir()
    port, vision_port, _ = free_ports
    daemon = engines.start_emulator(folder, port, "starling-tests", vision_port=vision_port)
    try:
        engines.wait_until_ready(daemon, engines.EMULATOR_READY)
        stage = Stage("test", emulator_port=port, search_port=9299, vision_port=vision_port)
        yield Emulator(stage, folder)
    finally:
        daemon.stop()


@pytest.fixture(scope="session")
def vision(emulator: Emulator, free_ports: list[int]) -> Iterator[Daemon]:
    """The vision server that the emulator's functions find, on the emulator's S3."""
    tools.ensure("vision")
    port, vision_port, _ = free_ports
    daemon = engines.start_vision(
        emulator.folder, vision_port, "starling-tests", emulator_port=port
    )
    try:
        engines.wait_until_ready(daemon, engines.VISION_READY)
        yield daemon
    finally:
        daemon.stop()


@dataclass(frozen=True)
class Sandbox:
    """A payments sandbox, asked with Stripe's own SDK."""

    daemon: Daemon
    session: requests.Session

    def client(self, retries: int = 0, seconds: float = 60) -> Any:
        """Return the payment intents and refunds of Stripe's SDK."""
        return stripe.StripeClient(
            "sk_test_starling",
            base_addresses={"api": f"http://127.0.0.1:{self.daemon.port}"},
            http_client=stripe.RequestsClient(timeout=seconds, session=self.session),
            max_network_retries=retries,
        ).v1

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask what is no part of Stripe's API; refusals too are returned."""
        url = f"http://127.0.0.1:{self.daemon.port}{path}"
        return self.session.request(method, url, json=body, timeout=60).json()

    def charges(self, order_id: str) -> list[dict[str, Any]]:
        """Return what the ledger has of an order."""
        charges = self.control("GET", "/_ledger")["charges"]
        return [one for one in charges if one["order_id"] == order_id]


@pytest.fixture(scope="session")
def payments_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    tools.ensure("bare")
    folder = tmp_path_factory.mktemp("payments")
    (folder / "logs").mkdir()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = engines.start_payments(folder, port, "starling-tests")
    try:
        engines.wait_until_ready(daemon, engines.PAYMENTS_READY)
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture
def sandbox(payments_daemon: Daemon) -> Iterator[Sandbox]:
    """The payments sandbox without a fault and without a place for webhooks."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy leads to this machine
        sandbox = Sandbox(payments_daemon, session)
        sandbox.control("DELETE", "/_faults")
        sandbox.control("DELETE", "/_webhooks")
        yield sandbox


@pytest.fixture(scope="session")
def function_of() -> Callable[..., dict[str, Any]]:
    """Return a template's function from its source."""

    def make(source: str, **properties: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": "arn:aws:iam::000000000000:role/none",
                "Code": {"ZipFile": source},
                **properties,
            },
        }

    return make
