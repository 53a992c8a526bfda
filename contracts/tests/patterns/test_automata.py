"""Languages of texts and intervals of numbers: what they have in common, and that it is nothing."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.patterns import intervals, texts
from contracts.patterns.automata import Condition, Language, NotReasoned, shared

ALPHABET = "aB0_-. \n\\ä😀"
EXPRESSIONS = [
    "", "a", "^a$", "a|B", "^a|B$", "^(a|B)+$", "a.B", "[^aB]", "^[^aB]*$", "[a-c0]", "a{2,3}?",
    "(?:a|aB)*0$", r"^\d+$", r"\D", r"[\w.-]+", r"^[^\s]$", r"\S", r"\.", "^$", "a?B*", r"\Aa\Z",
    "ä+", "^😀", r"^a\\", "[]a]", "(a)(B)?",
]  # fmt: skip


def search(pattern: str, text: str) -> bool:
    """JSON Schema's reading: the end is the end, also behind the last line."""
    return re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), text, re.DOTALL) is not None


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EXPRESSIONS), st.text(ALPHABET, max_size=5))
def test_a_language_has_every_text_that_its_expression_takes(pattern: str, text: str) -> None:
    both = shared(
        [Condition(Language(pattern)), Condition(Language(re.escape(text), whole=True))], 0, None
    )
    found = search(pattern, text)
    if found:
        assert both == text
    elif text.isascii():  # beyond ASCII engines differ on what is a digit: all of it is taken
        assert both is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=3),
    st.lists(st.sampled_from(EXPRESSIONS), max_size=1),
    st.integers(0, 3),
)
def test_a_text_in_common_is_one_that_all_take(
    held: list[str], denied: list[str], shortest: int
) -> None:
    conditions = [Condition(Language(pattern)) for pattern in held]
    conditions += [Condition(Language(pattern), of_it=False) for pattern in denied]
    text = shared(conditions, shortest, shortest + 5)
    if text is not None and text.isascii():
        assert shortest <= len(text) <= shortest + 5
        assert all(search(pattern, text) for pattern in held)
        assert not any(search(pattern, text) for pattern in denied)


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", r"a\b", "(?i)a", "a++", "(?i:a)", "a(^b)"])
def test_what_no_automaton_does_is_not_reasoned_about(pattern: str) -> None:
    with pytest.raises(NotReasoned):
        Language(pattern)


@pytest.mark.parametrize("pattern", ["(", "a{3,2}", "(" * 5000])
def test_what_is_no_expression_is_not_reasoned_about(pattern: str) -> None:
    with pytest.raises(NotReasoned):
        Language(pattern)


def test_a_language_that_is_too_large_or_takes_too_long_is_given_up() -> None:
    with pytest.raises(NotReasoned, match="states"):
        Language("(a{500}){500}")
    hard = [Condition(Language("(a|b)*a(a|b){14}$")), Condition(Language("^[ab]*$"))]
    with pytest.raises(NotReasoned, match="too long"):
        shared([*hard, Condition(Language("[ab]"), of_it=False)], 1, None)


def test_only_a_text_within_the_lengths_is_in_common() -> None:
    conditions = [Condition(Language("^a+$"))]
    assert shared(conditions, 0, 0) is None
    assert shared(conditions, 3, 3) == "aaa"
    assert shared([Condition(Language("^a$"))], 2, None) is None


def test_a_text_has_no_half_of_a_character() -> None:
    assert shared([Condition(Language("^[\ud7ff-\ue000]$")), Condition(Language("\ud7ff"), False)],
                  1, 1) == "\ue000"  # fmt: skip


@pytest.mark.parametrize(
    ("alternative", "taken", "refused"),
    [
        ("a.b", ["a.b"], ["axb"]),
        ("10.0.0.1", ["10.0.0.1"], ["x"]),
        ({"exactly": "a*"}, ["a*"], ["aa"]),
        ({"prefix": "a."}, ["a.", "a.b"], ["ab"]),
        ({"prefix": {"equals-ignore-case": "ab"}}, ["aBc", "AB"], ["a"]),
        ({"suffix": "a."}, ["a.", "ba."], ["a.b"]),
        ({"suffix": {"equals-ignore-case": "ab"}}, ["cAb"], ["abc"]),
        ({"equals-ignore-case": "a1-b"}, ["A1-b"], ["a1b"]),
        ({"equals-ignore-case": "ä"}, ["ä", "Ä"], []),
        ({"wildcard": r"a*\*\\b*"}, [r"a*\b", r"axx*\bx"], [r"a\b"]),
        ({"cidr": "10.0.0.0/8"}, ["10.0.0.1", "::1"], ["ten"]),
        ({"anything-but": "a"}, ["b", ""], ["a"]),
        ({"anything-but": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"anything-but": [1, 2]}, ["a"], []),
        ({"anything-but": {"prefix": "a"}}, ["b"], ["ab"]),
        ({"anything-but": {"suffix": ["a", "b"]}}, ["c"], ["ca", "b"]),
        ({"anything-but": {"equals-ignore-case": "ä"}}, ["ä", "a"], []),
        ({"exists": True}, ["a", ""], []),
    ],
)
def test_an_alternative_is_a_language(
    alternative: Any, taken: list[str], refused: list[str]
) -> None:
    for text in [*taken, *refused]:
        itself = Condition(Language(re.escape(text), whole=True))
        both = shared([itself, *texts.of_alternative(alternative)], 0, None)
        assert both == (text if text in taken else None), text


@pytest.mark.parametrize(
    ("schema", "bounds", "empty"),
    [
        ({"minimum": 1}, ["<", 1], True),
        ({"minimum": 1}, ["<=", 1], False),
        ({"exclusiveMinimum": 1}, ["<=", 1], True),
        ({"maximum": 1, "exclusiveMaximum": 1}, ["=", 1], True),
        ({"type": "integer"}, [">", 1, "<", 2], True),
        ({"type": "number"}, [">", 1, "<", 2], False),
        ({"type": "integer", "minimum": 0.5}, ["<", 1], True),
        ({"type": "integer", "maximum": 2.5}, [">=", 2], False),
        ({"maximum": 0.1}, [">", 0.1], True),
        ({"maximum": 2**53 + 1}, [">", 2**53 + 1], False),
        ({}, [">", 5], False),
    ],
)
def test_numbers_that_a_schema_and_a_pattern_share(
    schema: dict[str, Any], bounds: list[Any], empty: bool
) -> None:
    both = intervals.of_schema(schema).within(intervals.of_alternative(bounds))
    assert both.empty is empty


def test_numbers_near_the_bounds_are_proposed() -> None:
    assert 2.5 in list(intervals.of_alternative([">", 2, "<", 3]).some(None))
    assert 3 in list(intervals.of_alternative(["<=", 3]).some(None))
    assert 0 in list(intervals.Interval().some(None))
    assert 0.25 in list(intervals.of_alternative([">", 0, "<", 1]).some(intervals.Fraction(1, 4)))
