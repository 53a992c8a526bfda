"""Nobody waits long for an engine that does not answer, in whatever way it does not."""

import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest
from opensearchpy.exceptions import ConnectionTimeout, NotFoundError

from search_sync.engine.client import SEARCH_TIMEOUT, answered, connected

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
WHO: ContextVar[str] = ContextVar("who")


def ask() -> object:
    """Ask the engine one thing, as a search does."""
    return connected().search(index="a", params={"request_timeout": SEARCH_TIMEOUT})


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket in the engine's place: who connects is taken up by the system alone."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        monkeypatch.setenv("SEARCH_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        connected.cache_clear()
        yield server
        connected().close()
        connected.cache_clear()


def test_what_the_engine_says_in_time_is_the_answer() -> None:
    assert answered(lambda: {"took": 1}) == {"took": 1}


def test_what_the_engine_refuses_is_refused() -> None:
    def refuse() -> None:
        raise NotFoundError(404, "index_not_found_exception", {})

    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        answered(refuse)


def test_who_asks_is_known_where_it_is_asked() -> None:
    WHO.set("acme")
    assert answered(WHO.get) == "acme"


def test_an_engine_that_says_nothing_is_given_up_by_the_request_itself(
    listening: socket.socket,
) -> None:
    with pytest.raises(ConnectionTimeout):
        ask()


def test_an_engine_that_answers_byte_by_byte_is_given_up(listening: socket.socket) -> None:
    over = threading.Event()

    def dribble() -> None:
        engine, _ = listening.accept()
        with engine:
            engine.recv(65_536)
            for byte in ANSWER + b"{}":
                engine.sendall(bytes([byte]))
                if over.wait(0.05):  # so that no wait for a byte is ever long
                    break

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        with pytest.raises(ConnectionTimeout):
            answered(ask, seconds=0.5)
    finally:
        over.set()
        thread.join()


def test_an_engine_that_answers_in_pieces_is_heard_to_the_end(listening: socket.socket) -> None:
    def in_pieces() -> None:
        engine, _ = listening.accept()
        with engine:
            engine.recv(65_536)
            for part in (ANSWER[:20], ANSWER[20:], b"{", b"}"):
                engine.sendall(part)

    thread = threading.Thread(target=in_pieces)
    thread.start()
    assert answered(ask) == {}
    thread.join()


def test_several_requests_share_one_wait() -> None:
    never = threading.Event()
    with pytest.raises(ConnectionTimeout):
        answered(lambda: [never.wait(0.15) for _ in range(4)], seconds=0.2)
