"""How events and readers are declared, and what a wrong declaration is told."""

import types
from typing import Any

import pytest
from pydantic import ValidationError

from contracts import event as event_module
from contracts.catalogue import catalogue
from contracts.event import EventData
from contracts.reader import Reader


@pytest.fixture(autouse=True)
def _nothing_stays_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue()  # what is there for good is imported before
    monkeypatch.setattr(event_module, "declared", dict(event_module.declared))


def declare(base: type[Any], name: str, **keywords: Any) -> Any:
    fields = keywords.pop("fields", {})
    namespace = {"__module__": __name__, "__qualname__": name, "__annotations__": fields}
    return types.new_class(name, (base,), keywords, lambda body: body.update(namespace))


def test_an_event_knows_what_it_is() -> None:
    class ThingMoved(EventData, source="starling.test-things", version="1.12"):
        """A thing moved."""

        name: str

    assert ThingMoved.source == "starling.test-things"
    assert (ThingMoved.event_name, ThingMoved.major, ThingMoved.minor) == ("ThingMoved", 1, 12)
    assert (ThingMoved.detail_type, ThingMoved.schema_version) == ("ThingMoved.v1", "1.12")
    assert ThingMoved(name="x").detail_type == "ThingMoved.v1"


def test_a_new_major_stands_beside_the_old_one() -> None:
    old = declare(EventData, "ThingMoved", source="starling.test", version="1.3")
    new = declare(EventData, "ThingMovedV2", source="starling.test", version="2.0")
    assert (old.detail_type, new.detail_type) == ("ThingMoved.v1", "ThingMoved.v2")
    assert (new.event_name, new.schema_version) == ("ThingMoved", "2.0")


def test_payloads_refuse_unknown_fields_and_changes() -> None:
    thing = declare(EventData, "ThingMoved", source="starling.test", version="1.0",
                    fields={"size": int})  # fmt: skip
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        thing(size=1, colour="red")
    with pytest.raises(ValidationError, match="frozen"):
        thing(size=1).size = 2


def test_a_reader_ignores_unknown_fields_and_cannot_change() -> None:
    class Moved(Reader, source="starling.test", event="ThingMoved.v2"):
        size: int

    read = Moved.model_validate({"size": 1, "colour": "red"})
    assert read == Moved(size=1)
    assert (Moved.source, Moved.event_name, Moved.major) == ("starling.test", "ThingMoved", 2)
    assert Moved.detail_type == "ThingMoved.v2"
    with pytest.raises(ValidationError, match="frozen"):
        read.size = 2  # type: ignore[misc]  # that it cannot be set is what is tested


@pytest.mark.parametrize(
    ("name", "keywords", "problem"),
    [
        ("A", {}, r'declare what it is: \(EventData, source="starling.<service>", version='),
        ("A", {"source": "starling.a"}, "declare what it is"),
        ("A", {"version": "1.0"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1.0.0"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "0.1"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "01.0"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1.x"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1.²"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1.00000"}, "declare what it is"),
        ("A", {"source": "starling.a", "version": "1.10000"}, "declare what it is"),
        ("A", {"source": "users", "version": "1.0"}, r"'users' is not \"starling.<service>\""),
        ("A", {"source": "starling.", "version": "1.0"}, "is not"),
        ("A", {"source": "starling.Users", "version": "1.0"}, "is not"),
        ("A", {"source": "starling.a b", "version": "1.0"}, "is not"),
        ("a", {"source": "starling.a", "version": "1.0"}, "'a' is not PascalCase"),
        ("A_B", {"source": "starling.a", "version": "1.0"}, "'A_B' is not PascalCase"),
        ("A", {"source": "starling.a", "version": "2.0"}, "a class whose name ends in V2"),
        ("A", {"source": "starling.a", "version": "1.0", "fields": {"source": str}},
         "the field 'source' hides"),
        ("A", {"source": "starling.a", "version": "1.0", "fields": {"minor": int, "a": int}},
         "the field 'minor' hides"),
        ("UserErased", {"source": "starling.a", "version": "1.0"},
         r"UserErased.v1 is already contracts.events.users.UserErased"),
    ],
)  # fmt: skip
def test_a_wrong_event_declaration_says_what_is_wrong(
    name: str, keywords: dict[str, Any], problem: str
) -> None:
    catalogue()
    with pytest.raises(TypeError, match=problem) as raised:
        declare(EventData, name, **keywords)
    assert str(raised.value).startswith(f"{__name__}.{name}: ")


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({}, r'declare what it reads: \(Reader, source="starling.<service>", event="<Event>.v1"\)'),
        ({"event": "A.v1"}, "declare what it reads"),
        ({"source": "starling.a"}, "declare what it reads"),
        ({"source": "starling.a", "event": "A"}, "declare what it reads"),
        ({"source": "starling.a", "event": "A.v"}, "declare what it reads"),
        ({"source": "starling.a", "event": "A.v0"}, "declare what it reads"),
        ({"source": "starling.a", "event": ".v1"}, "declare what it reads"),
        ({"source": "starling.a", "event": "a.v1"}, "PascalCase"),
        ({"source": "a", "event": "A.v1"}, "is not"),
        ({"source": "starling.a", "event": "A.v1", "fields": {"major": int}}, "hides"),
    ],
)
def test_a_wrong_reader_declaration_says_what_is_wrong(
    keywords: dict[str, Any], problem: str
) -> None:
    with pytest.raises(TypeError, match=problem):
        declare(Reader, "Seen", **keywords)


@pytest.mark.parametrize("base", [EventData, Reader])
def test_an_unknown_class_keyword_is_named(base: type[Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'verzion'"):
        declare(base, "ThingMoved", source="starling.test", verzion="1.0")


def test_a_reader_may_have_fields_that_only_events_reserve() -> None:
    seen = declare(Reader, "Seen", source="starling.a", event="A.v1", fields={"minor": int})
    assert seen(minor=3).minor == 3


def test_the_same_class_may_be_declared_again() -> None:
    first = declare(EventData, "ThingMoved", source="starling.test", version="1.0")
    again = declare(EventData, "ThingMoved", source="starling.test", version="1.1")
    assert event_module.declared["ThingMoved.v1"] is again is not first


def test_the_catalogue_lists_the_events_of_the_package_in_order() -> None:
    declare(EventData, "Aaaa", source="starling.test", version="1.0")
    assert [cls.__name__ for cls in catalogue().values()] == [
        "DailyReportReady", "ImportFinished", "InventoryLow", "MediaAnalysed", "MediaDeleted",
        "MediaReady", "MediaRejected", "MediaUploaded", "MetadataExtracted", "OrderCancelled",
        "OrderConfirmed", "OrderFulfilled", "OrderPlaced", "OrderRejected", "PaymentCaptured",
        "PaymentRefunded", "ProductRowsAccepted", "ThumbnailGenerated",
        "UserDeactivated", "UserDeactivatedV2", "UserErased", "UserRegistered", "UserUpdated",
    ]  # fmt: skip
    assert list(catalogue()) == sorted(catalogue())
