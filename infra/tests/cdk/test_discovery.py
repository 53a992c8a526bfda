from pathlib import Path

import pytest

from infra.discovery import (
    BadDeclaration,
    Service,
    UnknownService,
    aws_operations,
    declared,
    load_stack,
    services,
)
from runtime.endpoint import Endpoint
from runtime.reaction import Reaction


def test_services_are_the_folders_with_a_stack_in_order() -> None:
    assert [service.name for service in services()] == ["media", "orders", "search-sync", "users"]


def test_only_the_named_services_are_found() -> None:
    assert [service.name for service in services(["users"])] == ["users"]


def test_an_unknown_service_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownService, match=r"'pigeons'.*media, orders, search-sync, users"):
        services(["pigeons"])


def test_a_folder_without_a_stack_is_no_service(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    assert services(root=tmp_path) == []


def test_a_services_package_is_named_as_python_can() -> None:
    assert Service(Path("services/search-sync")).package == "search_sync"


def test_functions_are_found_by_their_modules(birds: Service) -> None:
    found = declared(birds, "api", Endpoint)
    assert [(f.name, f.handler) for f in found] == [
        ("add-bird", "birds.api.add_bird.handler"),
        ("get-bird", "birds.api.get_bird.handler"),
        ("list-birds", "birds.api.list_birds.handler"),
    ]
    assert found[1].declaration.path == "/birds/{id}"


def test_a_part_that_a_service_has_not_declares_nothing(birds: Service) -> None:
    assert declared(birds, "workflow", Endpoint) == []


def test_a_module_that_declares_something_else_is_named(birds: Service) -> None:
    with pytest.raises(BadDeclaration, match=r"birds\.api\.add_bird has no handler.*Reaction"):
        declared(birds, "api", Reaction)


def test_loading_a_stack_brings_its_module(birds: Service) -> None:
    assert load_stack(birds).BirdsStack.__name__ == "BirdsStack"


def test_the_operations_of_a_package_are_sorted(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.starling.aws]\nsqs = ["SendMessage", "DeleteMessage"]\ns3 = []\n')
    assert list(aws_operations(file).items()) == [
        ("s3", []),
        ("sqs", ["DeleteMessage", "SendMessage"]),
    ]


def test_a_package_that_calls_nothing_more_says_nothing(birds: Service) -> None:
    assert birds.aws() == {}
