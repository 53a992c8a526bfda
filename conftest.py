"""Options of the whole test suite."""

import pytest

import infra  # noqa: F401 - before pytest makes a module of the folder of the same name


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the whole suite."""
    parser.addoption(
        "--orders",
        type=int,
        default=25,
        help="How many orders the end-to-end tests put under load; claims are made with 200.",
    )
    parser.addoption(
        "--changes",
        type=int,
        default=500,
        help="How much happens to what is searched, at random; claims are made with 5,000.",
    )
    parser.addoption(
        "--seeds",
        type=int,
        default=2,
        help="How often it happens, each time in another way; claims are made with 20.",
    )
    parser.addoption(
        "--stage",
        default="test",
        help="the stage that end-to-end tests run against; a local stage is started if it is down",
    )
