"""The order of what is found, its pages, and the limits of what is asked."""

import random

import pytest

from search_sync.domain.query import Search
from tests.engine.builders import Index, fill, found, media, order, user


def test_an_exact_id_comes_before_whatever_else_matches(index: Index) -> None:
    ada = user("Ada Lovelace")
    namesake = user(f"{ada.id} {ada.id} {ada.id}")
    fill(index, ada, namesake, order(ada.id, customer=namesake))
    assert found(index, ada.id)[0] == ada.id


def test_a_whole_word_comes_before_a_near_miss(index: Index) -> None:
    near, exact = user("Adam"), user("Ada")
    fill(index, near, exact)
    assert found(index, "ada") == [exact.id, near.id]


@pytest.mark.parametrize("words", [4, 8, 28])
def test_texts_of_many_words_that_are_like_many_others_are_answered(
    index: Index, words: int
) -> None:
    dice = random.Random(words)  # noqa: S311 - the same names in each run

    def word() -> str:
        return "".join(dice.choices("abcd", k=6))

    fill(index, *[user(f"{word()} {word()} {word()} {word()}") for _ in range(2000)])
    text = " ".join(word() for _ in range(words))
    assert len(text) <= 200
    assert isinstance(found(index, text), list)


def test_a_text_whose_every_word_is_like_many_others_in_every_field_is_answered(
    index: Index,
) -> None:
    dice = random.Random(5)  # noqa: S311 - the same names in each run

    def words(number: int = 4) -> list[str]:
        return ["".join(dice.choices("abcdef", k=3)) for _ in range(number)]

    users = [user(" ".join(words()), f"{'.'.join(words())}@example.com") for _ in range(300)]
    orders = [order(*words(), customer=customer) for customer in users]
    fill(index, *users, *orders, *[media(*words(), name=" ".join(words())) for _ in range(300)])
    text = " ".join(words(15))  # the most that are looked for with near misses
    assert len(text) == 59
    assert isinstance(found(index, text), list)


@pytest.mark.parametrize("text", ["", "thing", "thng"])
def test_pages_show_everything_once(index: Index, text: str) -> None:
    users = [user(f"Thing {number % 5}") for number in range(23)]
    fill(index, *users, *[user("Thing", tenant="globex") for _ in range(5)])
    seen: list[str] = []
    after = None
    while True:
        page = index.search(Search(tenant="acme", text=text, size=4, after=after))
        seen += [document["id"] for document in page.documents]
        after = page.last
        if after is None:
            break
        assert len(page.documents) == 4
    assert sorted(seen) == sorted(row.id for row in users)


def test_before_anything_was_written_nothing_is_found(index: Index) -> None:
    assert found(index, "ada") == []
