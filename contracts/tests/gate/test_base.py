"""What the working tree is compared with, and files that cannot be read."""

from typing import Any

import pytest

from contracts.gate import git, tree
from contracts.gate.findings import BadContract
from contracts.gate.git import NoSuchRevision

SCHEMA = "contracts/schemas/shop/ThingSold/1.0.json"
HALF = "services/loyalty/consumes/ThingSold.v1.on_thingsold.json"


def test_a_branch_is_compared_with_where_it_left_main(repo: Any) -> None:
    fork = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit()
    assert git.base(repo.root) == (fork, "the merge base with main")
    repo.git("checkout", "--quiet", "main")
    repo.commit()
    repo.git("checkout", "--quiet", "topic")
    assert git.base(repo.root) == (fork, "the merge base with main")


def test_a_main_that_is_ahead_of_the_shared_one_is_compared_with_that(repo: Any) -> None:
    shared = repo.git("rev-parse", "HEAD")
    repo.git("update-ref", "refs/remotes/origin/main", shared)
    repo.commit()
    assert git.base(repo.root) == (shared, "the merge base with origin/main")


def test_on_main_it_is_the_commit_before_or_the_last_one_while_something_changes(repo: Any) -> None:
    first = repo.git("rev-parse", "HEAD")
    assert git.base(repo.root) == (first, "the last commit")
    second = repo.commit()
    assert git.base(repo.root) == (first, "the commit before")
    repo.write("README.md", "no contract")
    assert git.base(repo.root) == (first, "the commit before")
    repo.write("services/loyalty/consumes/new.json", "{}")
    assert git.base(repo.root) == (second, "the last commit")


def test_a_break_that_was_committed_to_main_is_found_against_the_commit_before(repo: Any) -> None:
    repo.event(sku=str, price=str)
    repo.example("ThingSold/1.0", sku="tea", price="1")
    repo.golden()
    repo.commit()
    assert {f.check for f in repo.breaks()} == {"released"}
    assert repo.breaks(against="HEAD") == []


def test_the_name_that_was_asked_for_is_said(repo: Any) -> None:
    commit = repo.git("rev-parse", "HEAD")
    repo.git("tag", "released")
    assert repo.check(against="released").against == f"{commit[:12]} (released)"


@pytest.mark.parametrize("ref", ["no-such", "--all", "", "HEAD:contracts"])
def test_a_revision_that_is_none(repo: Any, ref: str) -> None:
    with pytest.raises(NoSuchRevision, match="is no revision of"):
        repo.check(against=ref)


def test_a_repository_without_a_commit(bare: Any) -> None:
    with pytest.raises(NoSuchRevision, match="'HEAD' is no revision"):
        bare.check()


def test_a_machine_without_git(repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo.root))
    with pytest.raises(NoSuchRevision, match="git cannot be run"):
        repo.check()


def test_a_commit_that_is_gone(repo: Any) -> None:
    with pytest.raises(NoSuchRevision, match="git ls-tree: "):
        tree.at(repo.root, "0" * 40)


def test_a_revision_is_read_as_it_was(repo: Any) -> None:
    before = tree.working(repo.root)
    commit = repo.git("rev-parse", "HEAD")
    repo.write(SCHEMA, "{")
    repo.write("services/loyalty/src/loyalty/contracts/schemas/x.json", "not ours")
    assert tree.at(repo.root, commit) == before
    assert tree.at(repo.root, commit).goldens.keys() == {SCHEMA}
    assert tree.at(repo.root, commit).halves.keys() == {HALF}


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        (SCHEMA, "{", "is not JSON: "),
        (SCHEMA, "[]", "is not a JSON object"),
        (SCHEMA, '{"type": "objekt"}', "is no schema: #/type: "),
        (SCHEMA, '{"pattern": "("}', 'is not a "regex"'),
        (SCHEMA, '{"$ref": "https://example.com/a.json"}', "leads out of the document"),
        (HALF, '{"$ref": "#/$defs/no_such"}', "points to nothing"),
        (SCHEMA, "{}", "$.properties.data: is no schema of a payload"),
        (SCHEMA, '{"properties": {"data": true}}', "$.properties.data: is no schema"),
        (SCHEMA, '{"a": "' + "x" * 2**20 + '"}', "is larger than 1048576 bytes"),
        (SCHEMA, '{"a":' * 100_000, "is nested deeper than 64 levels"),
        (HALF, "null", "is not a JSON object"),
        ("contracts/schemas/shop/ThingSold/latest.json", "{}", "is not named <service>/<Event>/"),
        ("contracts/schemas/shop/ThingSold/0.1.json", "{}", "is not named <service>/<Event>/"),
        ("contracts/examples/ThingSold/1.0.json", "{}", "is not named <service>/<Event>/"),
        ("services/loyalty/consumes/ThingSold.json", "{}", "is not named <Event>.v<major>."),
        ("services/post/src/post/a.py", "def", "invalid syntax"),
        ("services/post/src/post/a.py", "\0", "null bytes"),
        (
            "services/loyalty/src/loyalty/reactions/on_x.py",
            "handler = 1",
            "its handler is no react",
        ),
        ("services/loyalty/src/loyalty/reactions/on_x.py", "import no_such", "No module named"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(repo: Any, path: str, text: str, problem: str) -> None:
    repo.write(path, text)
    with pytest.raises(BadContract) as raised:
        repo.check()
    assert problem in str(raised.value)
    assert path in str(raised.value) or "reactions" in path


def test_a_file_that_is_no_text_is_named(repo: Any) -> None:
    (repo.root / SCHEMA).write_bytes(b"\xff")
    with pytest.raises(BadContract, match=f"^{SCHEMA}: is not UTF-8$"):
        repo.check()


def test_a_payload_that_cannot_be_looked_at_alone_is_named(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str | None, None))
    repo.write(SCHEMA, '{"properties": {"data": {"$ref": "#/properties/a"}, "a": {}}}')
    with pytest.raises(BadContract, match=f"^{SCHEMA} and {HALF}: .* points to nothing"):
        repo.check()


def test_a_file_of_the_base_that_cannot_be_read_is_named_with_the_commit(repo: Any) -> None:
    good = (repo.root / SCHEMA).read_text()
    repo.write(SCHEMA, "{")
    bad = repo.commit()
    repo.write(SCHEMA, good)
    with pytest.raises(BadContract, match=rf"^{bad[:12]}:{SCHEMA}: is not JSON"):
        repo.check(against="HEAD")
