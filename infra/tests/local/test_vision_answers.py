"""What the vision server makes of the model's lines."""

import pytest

from infra.local.vision.answers import MAX_WORDS, Line, detected

BOX = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2)]


def square(left: float) -> list[tuple[float, float]]:
    return [(left, 0.1), (left + 0.1, 0.1), (left + 0.1, 0.2), (left, 0.2)]


def boxes(answer, kind):
    return [
        one["Geometry"]["BoundingBox"] for one in answer["TextDetections"] if one["Type"] == kind
    ]


def test_a_word_s_place_is_around_its_characters():
    line = Line("ab c", 0.9, BOX, [square(0.1), square(0.2), square(0.5)])
    found = boxes(detected([line]), "WORD")
    assert [(one["Left"], one["Width"]) for one in found] == [
        (0.1, pytest.approx(0.2)),
        (0.5, pytest.approx(0.1)),
    ]


def test_a_word_whose_characters_are_not_known_has_its_line_s_place():
    answer = detected([Line("ab c", 0.9, BOX, [square(0.1)])])
    assert boxes(answer, "WORD") == boxes(answer, "LINE") * 2


def test_places_stay_within_the_picture():
    found = boxes(detected([Line("a", 0.9, [(-0.1, -0.1), (1.2, 0), (1.2, 1.1), (0, 1)])]), "LINE")
    assert found == [{"Left": 0, "Top": 0, "Width": 1, "Height": 1}]


def test_no_more_than_a_hundred_words_are_told():
    lines = [Line(" ".join(["word"] * 7), 0.9, BOX)] * 20
    found = detected(lines)["TextDetections"]
    kinds = [one["Type"] for one in found]
    assert kinds.count("WORD") == MAX_WORDS
    assert kinds.count("LINE") == 15
    assert [one["Id"] for one in found] == list(range(115))
    assert {one["ParentId"] for one in found if one["Type"] == "WORD"} == set(range(15))


def test_nothing_found_is_an_empty_list():
    assert detected([])["TextDetections"] == []
