"""What is looked for is found: by its own tenant, and by nobody else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.builders import Index, Row, fill, found, media, order, user
from tests.engine.conftest import without_index

ADA = user("Ada Lovelace", "ada.l@analytical.example")
JOSE = user("José Müller-Núñez", "jose@example.org")
LI = user("李小龙", "li@example.cn")
TEA = order("Green tea", "Teapot", customer=ADA, sku="TEA-1")
MUG = order("Mug", customer=JOSE, sku="MUG_2")
SIGN = media("ÖFFNUNGSZEITEN", "Mo-Fr 9-17 Uhr", name="shop_sign.jpg")
BOOT = media("TRAIL RUNNER", "waterproof", name="IMG 4711.png", subject="boot.42")
ROWS: list[Row] = [ADA, JOSE, LI, TEA, MUG, SIGN, BOOT]


@pytest.fixture(scope="module")
def filled(connected: Index) -> Index:
    index = without_index(connected)
    stranger = user("Ada Lovelace", "ada.l@analytical.example", tenant="globex")
    fill(index, *ROWS, stranger, order("Green tea", customer=stranger, sku="TEA-1"))
    return index


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Ada", [ADA, TEA]),
        ("LOVELACE ada", [ADA, TEA]),
        ("ada lov", [ADA, TEA]),
        ("lovelcae", [ADA, TEA]),
        ("jose muller", [JOSE, MUG]),
        ("Müller", [JOSE, MUG]),
        ("小龙", [LI]),
        ("green tea", [TEA]),
        ("teapt", [TEA]),
        ("lovelace teapot", [TEA]),
        ("tea-1", [TEA]),
        ("mug_2", [MUG]),
        ("Ada.L@Analytical.example", [ADA]),
        ("analytical", [ADA]),
        (TEA.id, [TEA]),
        (TEA.id.lower(), [TEA]),
        (ADA.id, [ADA, TEA]),
        ("waterproof", [BOOT]),
        ("runner waterproof trail", [BOOT]),
        ("offnungszeiten", [SIGN]),
        ("watterproof", [BOOT]),
        ("trail runn", [BOOT]),
        ("shop sign", [SIGN]),
        ("shop_sign.jpg", [SIGN]),
        ("4711", [BOOT]),
        ("BOOT.42", [BOOT]),
        (BOOT.id, [BOOT]),
        # Stems, slips and beginnings, each in a field of its own.
        ("teapots", [TEA]),
        ("lovelaces teapots", [TEA]),
        ("lovelcae teap", [TEA]),
        ("waterproofs", [BOOT]),
        ("runners on a trail", [BOOT]),
        ("mug & jose", [MUG]),
        ("waterproof lovelace", []),
        ("grace", []),
        ("lovelace mug", []),
    ],
)
def test_a_text_finds(filled: Index, text: str, rows: list[Row]) -> None:
    assert found(filled, text) == [row.id for row in rows]


def test_no_text_finds_all_of_the_tenant(filled: Index) -> None:
    assert sorted(found(filled)) == sorted(row.id for row in ROWS)


@pytest.mark.parametrize(("kind", "rows"), [("user", [ADA]), ("order", [TEA]), ("media", [])])
def test_a_kind_narrows_it_down(filled: Index, kind: str, rows: list[Row]) -> None:
    assert found(filled, "ada", kind=kind) == [row.id for row in rows]


def test_all_pictures_are_found_by_their_kind(filled: Index) -> None:
    assert sorted(found(filled, kind="media")) == sorted([SIGN.id, BOOT.id])
    assert found(filled, "waterproof", kind="media") == [BOOT.id]
    assert found(filled, "waterproof", kind="order") == []


def test_a_tenant_without_documents_finds_nothing(filled: Index) -> None:
    assert found(filled, "ada", tenant="initech") == []
    assert found(filled, tenant="initech") == []


HOSTILE = [
    *("*", "?", "*:*", "tenant:globex", "a AND b OR (c", '"', "\\", "\\" * 200, "{" * 200, "/.*/"),
    *('"}},"query":{"match_all":{}}', "\0", "\x7f", "\u202e", "a " * 100, "abcd " * 40, "-" * 200),
    *("龙" * 200, "龙" * 60, "ก" * 200, "😀" * 200, "\u0301" * 200, "ß" * 200, "a-b_c." * 33),
    "".join(f"{word} " for word in range(50)),
    *("*:* OR 1=1", "__proto__", "_id:1", "${jndi:ldap://a}", "doc['id'].value", "<script>", "%00"),
    *("[" * 100 + "]" * 100, '{"match_all": {}}', "\r\nHost: a", "..", "/_search?q=*", "a\x1bb"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_only_a_text(filled: Index, text: str) -> None:
    assert set(found(filled, text)) <= {row.id for row in ROWS}
    assert {one.id for one in filled.suggest("acme", text)} <= {row.id for row in ROWS}


@pytest.mark.parametrize("field", ["customer", "currency"])
@pytest.mark.parametrize("value", ["*", "*:*", "", "\0", "globex", "a" * 40_000])
def test_a_hostile_filter_is_only_a_value(filled: Index, field: str, value: str) -> None:
    assert found(filled, **{field: value}) == []


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_to_whatever_is_typed_the_tenants_own_is_suggested(filled: Index, text: str) -> None:
    assert {one.id for one in filled.suggest("acme", text)} <= {row.id for row in ROWS}


@settings(
    max_examples=150,
    deadline=None,
)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_answered_with_the_tenants_own(filled: Index, text: str) -> None:
    assert set(found(filled, text)) <= {row.id for row in ROWS}
