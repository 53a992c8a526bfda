"""How a text matches: by what ways, and which of them are the surest.

The text only ever stands as a value, in kinds of query that have no syntax of their own.
"""

from typing import Any

Clause = dict[str, Any]

_FIELDS = ["name", "email", "customer_name", "products", "texts"]
_WORDS = ["name^2", "email.words", "customer_name", "products", "texts"]
_STEMS = [f"{field}.stems" for field in _FIELDS]

# In longer texts words may not match near misses and beginnings: each near miss becomes up to
# `_EXPANSIONS` clauses a field, and the engine takes 1,024 in all (its default).
_TOLERANT_LENGTH = 60
_EXPANSIONS = 8
_FUZZINESS = "AUTO:4,7"  # from four letters on one slip, from seven on two

# A whole id or address, and a whole title, beat every word.
_EXACT = {"id": 10_000, "email": 5_000, "skus": 2_000, "customer_id": 1_000, "subject": 1_000}
_WHOLE_TITLE = 50
_PHRASE = 4.0
_WORD, _STEM, _BEGINNING, _NEAR_MISS = 8.0, 3.0, 1.5, 0.5

# They say nothing of what is looked for, if there are other words.
_FILLERS = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
)


def ways(text: str, *, tolerant: bool) -> list[Clause]:
    """Return how a document may match a text: by one of these, the surest counting most.

    Parameters
    ----------
    text
        What is looked for.
    tolerant
        Whether near misses match as well. They are slow: for when nothing else does.
    """
    exact = [_exactly(field, text, boost) for field, boost in _EXACT.items()]
    words: Clause = {"must": _words(text, tolerant=tolerant)}
    if len(text.split()) > 1:
        words["should"] = [_of(text, _WORDS, _PHRASE, type="phrase")]
    return [*exact, _exactly("title.whole", text, _WHOLE_TITLE), {"bool": words}]


def may_be_mistyped(text: str) -> bool:
    """Whether near misses of a text can be looked for."""
    return len(text) <= _TOLERANT_LENGTH and any(map(_is_word, text.split()))


def marked(text: str, *, tolerant: bool) -> Clause:
    """Return what is highlighted of a text's words.

    They are of one field, because they are marked in all: the engine makes an automaton of each
    near miss and beginning for each field that it is of, and each that it is marked in.
    """
    if len(text) > _TOLERANT_LENGTH:
        ways = [{"match": {field: text}} for field in ("name", "name.stems")]
        return {"bool": {"should": ways}}
    words = [
        _word(word, ["name"], ["name.stems"], last=last, tolerant=tolerant)
        for word, last in _telling(text)
    ]
    return {"bool": {"should": words}}


def beginnings(text: str) -> Clause:
    """Return what a suggestion for a text must match: every word begins one of the document's."""
    return {"match": {"beginnings": {"query": text, "operator": "and"}}}


def begins(text: str) -> Clause:
    """Return what of the suggestions comes first: the text is the title's own beginning."""
    title = {"prefix": {"title.whole": {"value": text}}}
    return {"constant_score": {"filter": title, "boost": 1}}


def _words(text: str, *, tolerant: bool) -> list[Clause]:
    """Return what must match of a text's words, each in whatever field."""
    if len(text) > _TOLERANT_LENGTH:
        every = {"type": "cross_fields", "operator": "and"}
        ways = [_of(text, _WORDS, _WORD, **every), _of(text, _STEMS, _STEM, **every)]
        return [{"dis_max": {"queries": ways}}]
    return [
        _word(word, _WORDS, _STEMS, last=last, tolerant=tolerant) for word, last in _telling(text)
    ]


def _telling(text: str) -> list[tuple[str, bool]]:
    """Return the words that say something, each with whether it is the text's last."""
    words = [(word, False) for word in text.split()]
    if words:
        # Who is still typing has not ended it.
        words[-1] = (words[-1][0], True)
    return [one for one in words if _tells(one[0])] or words


def _tells(word: str) -> bool:
    return word.lower() not in _FILLERS and any(letter.isalnum() for letter in word)


def _is_word(word: str) -> bool:
    """Whether it is no number, id or address: they are right, or not what is looked for."""
    return word.replace("'", "").isalpha()


def _word(word: str, words: list[str], stems: list[str], *, last: bool, tolerant: bool) -> Clause:
    ways = [
        _of(word, words, _WORD, operator="and"),
        _of(word, stems, _STEM, operator="and"),
    ]
    if last:
        ways.append(_of(word, words, _BEGINNING, operator="and", type="bool_prefix"))
    if tolerant and _is_word(word):
        # The first letter stands: that keeps it fast, and people rarely miss it.
        near = {"prefix_length": 1, "max_expansions": _EXPANSIONS}
        ways.append(_of(word, words, _NEAR_MISS, operator="and", fuzziness=_FUZZINESS, **near))
    return {"dis_max": {"queries": ways}}


def _exactly(field: str, text: str, boost: int) -> Clause:
    return {"constant_score": {"filter": {"term": {field: text}}, "boost": boost}}


def _of(text: str, fields: list[str], boost: float, **options: Any) -> Clause:
    return {"multi_match": {"query": text, "fields": fields, "boost": boost, **options}}
