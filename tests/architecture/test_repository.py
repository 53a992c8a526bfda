"""What every file of the repository is held to."""

import io
import re
import subprocess
import tokenize
import tomllib
from functools import cache
from pathlib import Path

import pytest

from contracts.golden import reactions
from infra.paths import ROOT

SERVICES = sorted(path for path in (ROOT / "services").iterdir() if path.is_dir())
MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt|private)/[A-Za-z]")
HOSTS = re.compile(r"(?:https?|git\+ssh|file)://|--(?:extra-)?index-url|--find-links")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
# A suppression names its rule, then says why; a line that has two gives the reason at the last.
SUPPRESSION = re.compile(r"# (?:noqa|type: ignore|pragma: no cover|nosec)\b.*")
REASONED = re.compile(
    r"# (?:noqa: [A-Z0-9, ]+|pragma: no cover) - \S.{2,}"
    r"|# type: ignore\[[\w,-]+\](?:  # (?!noqa)\S.{2,}|  # noqa: [A-Z0-9, ]+ - \S.{2,})"
)


@cache
def files() -> list[Path]:
    """Return what is or would be committed, but for pictures."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git of the machine
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix != ".jpg"]


def places(pattern: re.Pattern[str]) -> list[str]:
    """Return where any text file has what a pattern looks for."""
    found = []
    for path in files():
        text = path.read_text(encoding="utf-8")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}")
    return found


def test_nothing_names_a_folder_of_one_machine() -> None:
    found = places(MACHINE)
    assert not found, f"a path of one machine in {found}"


def test_nothing_is_left_to_be_done() -> None:
    found = places(UNFINISHED)
    assert not found, f"finish it or leave it out: {found}"


def test_no_lock_names_where_packages_come_from() -> None:
    locks = [path for path in files() if "lock" in path.name and path.suffix != ".py"]
    assert len(locks) >= 8
    for lock in locks:
        host = HOSTS.search(lock.read_text(encoding="utf-8"))
        assert not host, f"{lock.relative_to(ROOT)} names {host and host[0]}: leave the host out"


def test_every_python_lock_has_hashes() -> None:
    for lock in [path for path in files() if path.suffix == ".lock"]:
        for entry in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
            if "==" in entry and not entry.startswith("#"):
                name = entry.partition("==")[0]
                assert "--hash=sha256:" in entry, f"{lock.relative_to(ROOT)}: {name} has no hash"


def test_every_suppression_is_of_one_rule_and_says_why() -> None:
    silent = []
    for path in (path for path in files() if path.suffix == ".py"):
        source = io.StringIO(path.read_text(encoding="utf-8"))
        for token in tokenize.generate_tokens(source.readline):
            said = SUPPRESSION.search(token.string) if token.type == tokenize.COMMENT else None
            if said and not REASONED.fullmatch(said[0]):
                silent.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {said[0]}")
    assert not silent, "say why, as in `# noqa: S311 - jitter`:\n" + "\n".join(silent)


def test_every_folder_has_an_owner() -> None:
    owned = {
        line.split()[0]
        for line in (ROOT / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    folders = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}
    wanted = {f"/{name}/" for name in folders - {"services"}}
    wanted |= {f"/services/{service.name}/" for service in SERVICES}
    assert wanted <= owned, f"CODEOWNERS says nothing of {sorted(wanted - owned)}"
    gone = {path for path in owned - {"*"} if not (ROOT / path.strip("/")).exists()}
    assert not gone, f"CODEOWNERS names {gone}, which is not there"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_service_has_the_same_shape(service: Path) -> None:
    for name in ("README.md", "pyproject.toml", "requirements.lock", "stack.py"):
        assert (service / name).is_file(), f"services/{service.name} has no {name}"
    package = service / "src" / service.name.replace("-", "_")
    assert (package / "__init__.py").is_file(), f"services/{service.name} has no package"
    project = tomllib.loads((service / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == f"starling-{service.name}"
    consumes = {path.name.split(".")[2] for path in (service / "consumes").glob("*.json")}
    read = {one.module.rpartition(".")[2] for one in reactions() if one.service == service}
    assert {path.stem for path in (package / "reactions").glob("[!_]*.py")} <= read
    assert consumes == read, f"services/{service.name}: run `python -m contracts.golden`"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_service_says_what_it_owns_and_what_to_do_when_it_rings(service: Path) -> None:
    text = (service / "README.md").read_text(encoding="utf-8").lower()
    for word in ("owns", "publishes", "consumes", "alarm"):
        assert word in text, f"services/{service.name}/README.md says nothing of '{word}'"


def test_the_readme_is_short() -> None:
    length = len((ROOT / "README.md").read_text(encoding="utf-8").splitlines())
    assert length < 150, f"README.md has {length} lines"


def test_every_decision_is_listed_and_every_link_leads_somewhere() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("[0-9]*.md")}
    linked = set(re.findall(r"\]\((\d[\w-]*\.md)\)", index))
    assert linked == pages, "docs/decisions/README.md lists other pages than there are"
    numbers = [page[:4] for page in pages]
    assert len(set(numbers)) == len(numbers), "two decisions have one number"


@pytest.mark.parametrize(
    "page", [p for p in files() if p.suffix == ".md"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"(`+).+?\1", "", page.read_text(encoding="utf-8"))  # code has no links
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


def test_no_module_is_longer_than_a_few_screens() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for path in files()
        if path.suffix == ".py" and "src" in path.relative_to(ROOT).parts
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert not long, f"split {long}"
