"""The provider's API on the wire: what goes out, and what counts as no answer."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from orders.payments.model import ProviderUnavailable
from orders.payments.provider import MAX_BYTES, VERSION, Answer, Dead, Provider, Stuck
from orders.payments.secret import PaymentSecret

KEYS = json.dumps({"api_key": "sk_test_hidden", "webhook_secrets": ["whsec_hidden"]})
Listen = Callable[[bytes | None], str]


@pytest.fixture
def made(put_secret: Callable[[str], None]) -> Iterator[Callable[..., Provider]]:
    """Make the API at an address."""
    put_secret(KEYS)
    all_made: list[Provider] = []

    def make(url: str, **patience: Any) -> Provider:
        all_made.append(Provider(PaymentSecret.connect(), url, **patience))
        return all_made[-1]

    yield make
    for one in all_made:
        one._http.clear()


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listen for one request; answer with these bytes, or, for None, reset the connection."""
    ended = threading.Event()
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def start(answer: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with closing(connection):
                connection.recv(65536)
                if answer is None:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                connection.sendall(answer)
                ended.wait(20)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    ended.set()
    for thread in threads:
        thread.join()
    for listener in listeners:
        listener.close()


def test_a_request_goes_out_as_the_provider_wants_it(
    provider: Any, made: Callable[..., Provider]
) -> None:
    provider.will({"id": "pi_1"})
    answer = made(provider.url).post("/v1/things", {"a[b]": "c d&e", "n": 1}, "key-1")()
    assert answer == Answer(200, {"id": "pi_1"}, replayed=False)
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", "/v1/things")
    assert asked.form == {"a[b]": "c d&e", "n": "1"}
    assert asked.headers["authorization"] == "Bearer sk_test_hidden"
    assert asked.headers["idempotency-key"] == "key-1"
    assert asked.headers["stripe-version"] == VERSION
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_question_has_no_key_of_its_own(provider: Any, made: Callable[..., Provider]) -> None:
    provider.will({})
    assert made(provider.url).get("/v1/things", {"expand[0]": "x"})().ok
    (asked,) = provider.asked
    assert asked.method == "GET"
    assert asked.form == {"expand[0]": "x"}
    assert "idempotency-key" not in asked.headers


def test_a_connection_is_used_again(provider: Any, made: Callable[..., Provider]) -> None:
    one = made(provider.url)
    for _ in range(3):
        provider.will({})
        one.get("/v1/things", {})()
    assert one._http.connection_from_url(provider.url).num_connections == 1


def test_a_refusal_is_an_answer(provider: Any, made: Callable[..., Provider]) -> None:
    provider.will_refuse(402, replayed=True, code="card_declined", message="Ada has no money")
    answer = made(provider.url).post("/v1/things", {}, "key")()
    assert (answer.status, answer.ok, answer.replayed) == (402, False, True)
    assert answer.error("code") == "card_declined"


@pytest.mark.parametrize("error", [{}, [], "code", {"code": 1}, {"code": "No such: 'pm_1'"}])
def test_what_is_no_word_of_an_error_is_not_told(error: object) -> None:
    assert Answer(400, {"error": error}, replayed=False).error("code") == ""


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_provider_in_trouble_gives_no_answer(
    provider: Any, made: Callable[..., Provider], status: int
) -> None:
    provider.will_refuse(status)
    with pytest.raises(Dead, match=str(status)) as raised:
        made(provider.url).post("/v1/things", {}, "key")()
    assert not isinstance(raised.value, Stuck)


def test_an_old_failure_that_is_said_again_is_known_as_such(
    provider: Any, made: Callable[..., Provider]
) -> None:
    provider.will_refuse(500, replayed=True)
    with pytest.raises(Stuck):
        made(provider.url).post("/v1/things", {}, "key")()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff", b"[" * 100_000])
def test_what_is_not_its_api_is_no_answer(
    provider: Any, made: Callable[..., Provider], body: bytes
) -> None:
    provider.will(body)
    with pytest.raises(Dead, match="not its API"):
        made(provider.url).get("/v1/things", {})()


def test_nobody_is_led_elsewhere(provider: Any, made: Callable[..., Provider]) -> None:
    provider.will({}, 307, Location=f"{provider.url}/elsewhere")
    with pytest.raises(Dead, match="not its API"):
        made(provider.url).post("/v1/things", {}, "key")()
    assert len(provider.asked) == 1


def test_an_answer_beyond_bounds_is_none(provider: Any, made: Callable[..., Provider]) -> None:
    provider.will(b"{}".ljust(MAX_BYTES))
    one = made(provider.url)
    assert one.get("/v1/things", {})().ok
    provider.will(b"{}".ljust(MAX_BYTES + 1))
    with pytest.raises(Dead, match="too much"):
        one.get("/v1/things", {})()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "ProtocolError"),
        (b"garbage\r\n\r\n", "ProtocolError"),
        (b"", "ReadTimeoutError"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "ReadTimeoutError"),
    ],
)
def test_a_connection_that_breaks_or_waits_is_no_answer(
    listen: Listen, made: Callable[..., Provider], answer: bytes | None, reason: str
) -> None:
    with pytest.raises(Dead, match=reason):
        made(listen(answer), read=0.2).post("/v1/things", {"payment_method": "pm_1"}, "key")()


def test_nobody_there_is_no_answer(made: Callable[..., Provider]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(Dead, match="NewConnectionError"):
        made(f"http://127.0.0.1:{port}").get("/v1/things", {})()


def test_a_body_that_comes_too_slowly_is_given_up(
    listen: Listen, made: Callable[..., Provider]
) -> None:
    times = iter([0.0, 5.1])
    part = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    with pytest.raises(Dead, match="too slow"):
        made(listen(part), read=5, clock=lambda: next(times)).get("/v1/things", {})()


def test_a_live_key_goes_over_https_alone(
    put_secret: Callable[[str], None], made: Callable[..., Provider]
) -> None:
    put_secret(KEYS.replace("sk_test", "sk_live"))
    with pytest.raises(ProviderUnavailable, match="HTTPS") as raised:
        made("http://127.0.0.1:1").get("/v1/things", {})
    assert "hidden" not in str(raised.value)
    assert callable(made("https://127.0.0.1:1").get("/v1/things", {}))


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_taken_is_read_again(
    provider: Any,
    put_secret: Callable[[str], None],
    made: Callable[..., Provider],
    status: int,
) -> None:
    one = made(provider.url)
    provider.will_refuse(status)
    assert one.get("/v1/things", {})().status == status
    put_secret(KEYS.replace("hidden", "rotated"))
    provider.will({})
    assert one.get("/v1/things", {})().ok
    assert provider.asked[-1].headers["authorization"] == "Bearer sk_test_rotated"


def test_nothing_that_is_secret_is_told_or_logged(
    provider: Any,
    listen: Listen,
    made: Callable[..., Provider],
    logged: Callable[[], str],
) -> None:
    provider.will_refuse(500, message="sk_test_hidden pm_card_hidden")
    provider.will_refuse(401, message="sk_test_hidden")
    one = made(provider.url)
    form = {"payment_method": "pm_card_hidden"}
    told = []
    for request in (
        one.post("/v1/things", form, "key"),
        made(listen(None)).post("/v1/things", form, "key"),
        made(listen(b"pm_card_hidden\r\n\r\n")).post("/v1/things", form, "key"),
    ):
        with pytest.raises(Dead) as raised:
            request()
        error = raised.value
        told.append(f"{error} {error.__cause__} {error.__suppress_context__}")
    one.get("/v1/things", {})()
    assert logged().count("payment provider failed") == 3
    assert "hidden" not in logged() + "".join(told)
