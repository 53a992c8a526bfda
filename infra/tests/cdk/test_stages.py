import pytest

from infra.stages import MAX_NAME, BadStage, Stage


@pytest.mark.parametrize("name", ["local", "dev", "dev-alice", "prod", "a", "x1", "a" * MAX_NAME])
def test_a_stages_name_is_lower_case_words(name: str) -> None:
    assert Stage.of(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "Prod", "1st", "-a", "a-", "a--b", "a_b", "a.b", "a b", "é", "a" * (MAX_NAME + 1), "a\n"],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(BadStage, match="stage"):
        Stage.of(name)


def test_names_begin_with_the_project_and_the_stage() -> None:
    stage = Stage.of("dev")
    assert stage.named() == "starling-dev"
    assert stage.named("orders", "publisher") == "starling-dev-orders-publisher"
    assert stage.parameter("issuer") == "/starling/dev/issuer"


@pytest.mark.parametrize(
    ("name", "local", "disposable"),
    [
        ("local", True, True),
        ("test", True, True),
        ("dev", False, True),
        ("dev-alice", False, True),
        ("develop", False, False),
        ("prod", False, False),
    ],
)
def test_only_disposable_stages_lose_their_data(name: str, local: bool, disposable: bool) -> None:
    stage = Stage.of(name)
    assert (stage.local, stage.disposable) == (local, disposable)
    assert stage.log_days >= (7 if disposable else 90)
    assert stage.archive_days >= 7


def test_a_stage_on_aws_has_no_local_engines() -> None:
    stage = Stage.of("prod")
    assert stage.emulator_url is stage.search_url is stage.vision_url is None
    assert stage.payments_url is None


def test_local_stages_have_ports_of_their_own() -> None:
    local, test = Stage.of("local"), Stage.of("test")
    ports = {
        port
        for one in (local, test)
        for port in (one.emulator_port, one.search_port, one.vision_port, one.payments_port)
    }
    assert len(ports) == 8
    assert local.emulator_url == f"http://127.0.0.1:{local.emulator_port}"
    assert local.vision_url == f"http://127.0.0.1:{local.vision_port}"
    assert local.payments_url == f"http://127.0.0.1:{local.payments_port}"


def test_a_port_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARLING_TEST_EMULATOR_PORT", "5000")
    assert Stage.of("test").emulator_url == "http://127.0.0.1:5000"
    assert Stage.of("local").emulator_port != 5000


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", "9241 "])
def test_a_port_that_is_none_is_refused_by_its_variable(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARLING_EMULATOR_PORT", value)
    with pytest.raises(BadStage, match="STARLING_EMULATOR_PORT"):
        Stage.of("local")
