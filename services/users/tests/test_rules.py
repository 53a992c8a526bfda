"""The rules of users, alone."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runtime.testing import NOW
from users.domain import events
from users.domain import users as rules

LOCAL = st.text(st.sampled_from("abcXYZ019.+-_"), min_size=1, max_size=12)
EMAILS = st.builds(lambda local, host: f"{local}@{host}.example", LOCAL, st.sampled_from("aBc"))
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(EMAILS, EMAILS)
def test_addresses_are_one_exactly_when_they_differ_in_case_alone(one: str, two: str) -> None:
    same = rules.email_digest(one) == rules.email_digest(two)
    assert same == (one.lower() == two.lower())
    assert rules.email_digest(one) == rules.email_digest(one.swapcase())


@given(st.lists(st.tuples(NAMES, EMAILS), max_size=8))
def test_the_revision_counts_the_real_changes(contents: list[tuple[str, str]]) -> None:
    user = rules.register("usr_1", name="Ada", email="ada@example.com", at=NOW)
    real, known = 0, ("Ada", "ada@example.com")
    for number, (name, email) in enumerate(contents, 1):
        real += (name, email) != known
        known = (name, email)
        user = rules.change(user, name=name, email=email, at=NOW + timedelta(hours=number))
    assert user.revision == 1 + real
    assert (user.name, user.email) == known
    assert user.created_at == NOW


def test_the_same_content_is_the_same_user() -> None:
    user = rules.register("usr_1", name="Ada", email="ada@example.com", at=NOW)
    assert rules.change(user, name="Ada", email="ada@example.com", at=NOW) is user


def test_an_erasure_is_two_changes_and_leaves_no_name() -> None:
    user = rules.register("usr_1", name="Ada", email="ada@example.com", at=NOW)
    tombstone = rules.erase(user, NOW + timedelta(days=1))
    assert tombstone.revision == user.revision + 2
    assert tombstone.model_dump().keys() == {"id", "status", "revision", "erased_at"}


def test_the_receipt_stays_known_through_changes() -> None:
    kept = ("TENANT#acme#RECEIPT#k", "RECEIPT")
    user = rules.register("usr_1", name="A", email="a@example.com", at=NOW, receipt=kept)
    assert rules.change(user, name="B", email="b@example.com", at=NOW).receipt == kept


def test_deletion_events_say_nothing_personal() -> None:
    user = rules.register(
        "usr_01JZ0000000000000000000000", name="Ada", email="ada@example.com", at=NOW
    )
    tombstone = rules.erase(user, NOW)
    for event in (*events.deactivated(tombstone), events.erased(tombstone)):
        assert "Ada" not in event.model_dump_json()
        assert "example" not in event.model_dump_json()
