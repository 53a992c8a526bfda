"""The payments sandbox as a server: garbage, broken connections, and its end."""

import contextlib
import json
import os
import random
import socket
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from infra.local import engines

KEY = {"Authorization": "Bearer sk_test_a"}
HEAD = b"POST /v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_test_a\r\n"
PAYMENTS = "/v1/payment_intents"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def connection(sandbox):
    """A connection that stays open, as Stripe's do."""
    with closing(HTTPConnection("127.0.0.1", sandbox.daemon.port, timeout=60)) as connection:
        yield connection


def ask(connection: HTTPConnection, method: str, path: str, body=None, **headers: str):
    """Return the status and the JSON of an answer."""
    connection.request(method, path, body, KEY | headers)
    answer = connection.getresponse()
    return answer.status, json.load(answer)


def serves(sandbox) -> bool:
    return bool(sandbox.client().payment_intents.list().object == "list")


def test_its_health_shows_its_mark(connection):
    assert ask(connection, "GET", "/health") == (200, {"status": "ready", "mark": "starling-tests"})


def test_a_connection_serves_many_requests_refused_ones_too(connection):
    body = "amount=1999&currency=eur"
    ask(connection, "GET", "/health")
    client = connection.sock
    for _ in range(3):
        assert (
            ask(connection, "POST", "/v1/payment_intents", body, **{"Content-Type": FORM})[0] == 200
        )
        assert ask(connection, "POST", "/v1/payment_intents", "amount=x")[0] == 400
        assert ask(connection, "GET", "/nothing", "with a body")[0] == 404
        assert ask(connection, "POST", "/v1/payment_intents", "a" * 300_000)[0] == 413
    assert connection.sock is client


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"%ff=1",
        b"amount=%ff",
        b"=1",
        b"[a]=1",
        b"a[b=1",
        b"metadata[a]]=1",
        b"metadata=1",
        b"metadata[]=1",
        b"metadata[a][b]=1",
        b"expand=1",
        b"amount[a]=1",
        b"Amount=5",
        b"&".join(b"a%d=1" % n for n in range(300)),
        b"[" * 100_000,
        b"{}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_parameters_that_are_none_are_refused(connection, body):
    whole = b"amount=1999&currency=eur&" + body
    status, answer = ask(connection, "POST", PAYMENTS, whole, **{"Content-Type": FORM})
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"


def test_garbage_is_refused_and_never_the_server_s_failure(connection):
    pieces = ["amount", "=", "&", "[", "]", "%", "1999", "currency", "eur", "metadata", "\x00", "ü"]
    dice = random.Random(6)  # noqa: S311 - no secret hangs on it
    for _ in range(300):
        body = "".join(dice.choices(pieces, k=dice.randrange(20))).encode()
        for method, path in (
            ("POST", "/v1/payment_intents"),
            ("POST", "/v1/payment_intents/pi_x/confirm"),
            ("POST", "/_faults"),
            ("POST", "/_webhooks"),
        ):
            status, answer = ask(connection, method, path, body)
            assert status in (400, 404), body
            assert answer["error"]["message"]


def test_a_body_of_another_kind_is_refused(connection):
    body = json.dumps({"amount": 1999, "currency": "eur"})
    headers = {"Content-Type": "application/json"}
    status, answer = ask(connection, "POST", "/v1/payment_intents", body, **headers)
    assert status == 400
    assert FORM in answer["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"null", b"[" * 100_000, b"\xff"])
@pytest.mark.parametrize("path", ["/_faults", "/_webhooks"])
def test_what_is_no_json_object_switches_nothing(connection, path, body):
    assert ask(connection, "POST", path, body)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/v1"), ("GET", "/v1/payment_intents/"), ("GET", "/_faults/x"),
        ("DELETE", "/v1/payment_intents/pi_x"), ("DELETE", "/_ledger"), ("POST", "/health"),
        ("GET", "/v1/payment_intents/pi_x/confirm"), ("GET", "/v1/payment_intents/%2e%2e"),
        ("POST", "/v1/payment_intents/{id}/confirm"), ("GET", "/v1/payment_intents/pi_x/"),
        ("POST", "/v1/payment_intents/pi_x/confirm/pi_x"), ("GET", "/v1/payment_intents//"),
        ("GET", "/v2/payment_intents"),
    ],
)  # fmt: skip
def test_an_unknown_address_is_not_found(connection, method, path):
    status, answer = ask(connection, method, path)
    assert status == 404
    assert "Unrecognized request URL" in answer["error"]["message"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "BREW"])
def test_another_method_is_refused_in_the_same_shape(connection, method):
    status, answer = ask(connection, method, "/v1/payment_intents")
    assert status == 501
    assert answer["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 1000\r\n\r\nhalf",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        HEAD + b"Content-Length: 1000000\r\n\r\n" + b"a" * 70_000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\namoun\r\n",
        HEAD + b"A: " + b"a" * 70_000,
        HEAD + b"A: b\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 70_000,
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        os.urandom(500) + b"\r\n\r\n",
        b"",
    ],
    ids=[
        "half a body", "a negative length", "an endless length", "half of too much", "chunks",
        "a long header", "many headers", "a long address", "no request", "TLS", "noise", "nothing",
    ],
)  # fmt: skip
def test_a_broken_request_ends_only_itself(sandbox, sent):
    with socket.create_connection(("127.0.0.1", sandbox.daemon.port)) as broken:
        broken.sendall(sent)
    assert serves(sandbox)
    assert sandbox.daemon.is_alive


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"Content-Length: -5\r\n\r\n", b"411"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
    ],
)
def test_a_request_without_an_end_is_told_so_and_ends_the_connection(sandbox, sent, status):
    with socket.create_connection(("127.0.0.1", sandbox.daemon.port), timeout=60) as broken:
        broken.sendall(sent)
        answer = b""
        while piece := broken.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status in head.splitlines()[0]
    assert json.loads(body)["error"]["message"]


def test_its_log_tells_neither_keys_nor_cards_nor_whose_payment_it_was(sandbox):
    api = sandbox.client()
    intent = api.payment_intents.create(
        {
            "amount": 1999,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"order_id": "ord_secret"},
        },
        {"idempotency_key": "secret"},
    )
    sandbox.control("POST", "/_webhooks", {"url": "http://127.0.0.1:1/", "secrets": ["whsec_a"]})
    api.refunds.create({"payment_intent": intent.id})
    text = Path(sandbox.daemon.log).read_text()
    assert "POST 200" in text
    assert not any(word in text for word in ("sk_test", "whsec", "pm_card", "secret", intent.id))
    assert "Traceback" not in text


def test_it_stops_at_once_while_it_answers(tmp_path, sandbox):
    (tmp_path / "logs").mkdir()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    busy = engines.start_payments(tmp_path, port, "busy")
    try:
        engines.wait_until_ready(busy, engines.PAYMENTS_READY)
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as control:
            fault = json.dumps({"mode": "latency", "milliseconds": 600_000})
            assert ask(control, "POST", "/_faults", fault)[0] == 200
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
            busy.stop(grace_seconds=120)  # it ends by itself: nobody kills it before
            with contextlib.suppress(ConnectionResetError):  # or an end without an answer
                assert client.recv(1) == b""
        assert not busy.is_alive
    finally:
        busy.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="has one loopback address only")
def test_it_listens_on_one_address_of_this_machine(sandbox):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", sandbox.daemon.port), timeout=60)
