"""Both majors of a deactivation say the same, but for what version 1 has no room for."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from contracts.casts.user_deactivated import to_v1, to_v2
from contracts.events.users import UserDeactivated, UserDeactivatedV2

USER = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV"
NOW = st.just(datetime(2026, 11, 20, 8, 30, tzinfo=UTC))
SENTENCE = "user deleted"
TEXTS = st.just(SENTENCE) | st.text(min_size=1, max_size=200)
OLD = st.builds(UserDeactivated, user_id=st.just(USER), reason=TEXTS, deactivated_at=NOW)
NEW = st.builds(
    UserDeactivatedV2,
    user_id=st.just(USER),
    reason=st.sampled_from(["DELETED", "OTHER"]),
    note=st.none() | TEXTS,
    deactivated_at=NOW,
)


def up(old: UserDeactivated) -> UserDeactivatedV2:
    return UserDeactivatedV2.model_validate(to_v2(old.model_dump()))


def down(new: UserDeactivatedV2) -> UserDeactivated:
    return UserDeactivated.model_validate(to_v1(new.model_dump()))


@given(OLD)
def test_version_1_comes_back_whole(old: UserDeactivated) -> None:
    assert down(up(old)) == old


@given(NEW)
def test_version_2_comes_back_whole_unless_it_says_more_than_one_text_can(
    new: UserDeactivatedV2,
) -> None:
    kept = new.note is None if new.reason == "DELETED" else new.note not in (None, SENTENCE)
    assert (up(down(new)) == new) == kept
    assert up(down(new)).user_id == new.user_id
    assert up(down(new)).deactivated_at == new.deactivated_at


@given(st.sampled_from(["BANNED", "CLOSED_BY_BANK"]), st.none() | st.text(min_size=1, max_size=200))
def test_a_code_of_a_later_minor_becomes_its_note_or_itself(code: str, note: str | None) -> None:
    data = {"user_id": USER, "reason": code, "note": note, "added_later": 1}
    assert to_v1(data) == {"user_id": USER, "reason": note or code, "added_later": 1}


def test_a_part_may_be_cast_too() -> None:
    assert to_v2({"reason": SENTENCE}) == {"reason": "DELETED"}
    assert to_v1({"reason": "DELETED"}) == {"reason": SENTENCE}
    assert to_v2({"reason": "left"}) == {"reason": "OTHER", "note": "left"}
