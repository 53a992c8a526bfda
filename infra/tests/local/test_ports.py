import socket
from contextlib import closing

import pytest

from infra.errors import StarlingError
from infra.local.ports import LOOPBACK, require_free
from infra.stages import BadStage, Stage


@pytest.mark.parametrize(
    ("stage", "engine", "variable", "engine_name"),
    [
        ("local", "EMULATOR", "STARLING_EMULATOR_PORT", "the AWS emulator"),
        ("local", "SEARCH", "STARLING_SEARCH_PORT", "OpenSearch"),
        ("local", "VISION", "STARLING_VISION_PORT", "the vision server"),
        ("test", "VISION", "STARLING_TEST_VISION_PORT", "the vision server"),
        ("local", "PAYMENTS", "STARLING_PAYMENTS_PORT", "the payments sandbox"),
        ("test", "PAYMENTS", "STARLING_TEST_PAYMENTS_PORT", "the payments sandbox"),
        ("test", "EMULATOR", "STARLING_TEST_EMULATOR_PORT", "the AWS emulator"),
        ("test", "SEARCH", "STARLING_TEST_SEARCH_PORT", "OpenSearch"),
    ],
)
@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0"])  # noqa: S104 - the other program's choice
def test_a_taken_port_is_named_with_the_variable_that_moves_it(
    stage, engine, variable, engine_name, address
):
    with closing(socket.socket()) as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StarlingError) as caught:
            require_free(stage, engine, port)
    assert f"Port {port} on 127.0.0.1 is taken" in str(caught.value)
    assert engine_name in str(caught.value)
    assert variable in caught.value.remedy


def test_a_free_port_passes():
    with closing(socket.socket()) as other:
        other.bind((LOOPBACK, 0))
        port = other.getsockname()[1]
    require_free("local", "EMULATOR", port)


def test_each_local_stage_has_its_own_port_variables(monkeypatch):
    monkeypatch.setenv("STARLING_EMULATOR_PORT", "5001")
    monkeypatch.setenv("STARLING_SEARCH_PORT", "9210")
    monkeypatch.setenv("STARLING_VISION_PORT", "5002")
    monkeypatch.setenv("STARLING_PAYMENTS_PORT", "5003")
    assert Stage.of("local") == Stage("local", 5001, 9210, 5002, 5003)
    assert Stage.of("test") == Stage("test", 4666, 9261, 4680, 4690)


@pytest.mark.parametrize("value", ["x", "0", "9300"])
def test_a_search_port_that_the_engine_cannot_take_is_refused(monkeypatch, value):
    monkeypatch.setenv("STARLING_SEARCH_PORT", value)
    with pytest.raises(BadStage, match="STARLING_SEARCH_PORT"):
        Stage.of("local")
