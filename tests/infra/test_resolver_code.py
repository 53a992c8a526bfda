"""The resolvers hold to what APPSYNC_JS takes, which is less than what Node runs; so do types."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.graph_api import resolvers
from infra.discovery import services
from infra.paths import TOOLS
from infra.tools import ensure, node

(SEARCH_SYNC,) = services(["search-sync"])
COMPILER = TOOLS / "resolvers" / "node_modules" / "typescript" / "bin" / "tsc"
CHECK = Path(__file__).with_name("check_resolvers.cjs")
UTILITIES = TOOLS / "resolvers" / "node_modules" / "@aws-appsync" / "utils"
SETTINGS = {
    "compilerOptions": {
        "allowJs": True,
        "checkJs": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "noEmit": True,
        "paths": {"@aws-appsync/utils": [str(UTILITIES)]},
        "target": "es2022",
        "types": [],
    },
    "include": ["*.js"],
}
RESPONSE = "export function response(ctx) {\n  return ctx.result;\n}\n"


@pytest.fixture(scope="module", autouse=True)
def rules() -> None:
    """Install the rules, if `make setup` has not."""
    ensure("resolvers")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Return what writes modules into a folder."""

    def write(modules: Mapping[str, str]) -> Path:
        (tmp_path / "tsconfig.json").write_text(json.dumps(SETTINGS))
        for name, code in modules.items():
            (tmp_path / f"{name}.js").write_text(code)
        return tmp_path

    return write


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [node.NODE, *command],
        capture_output=True, text=True, timeout=120, check=False, env=node.environment(),
    )  # fmt: skip


def refused(folder: Path) -> dict[str, Any]:
    """Return what AppSync would not take, of each module."""
    done = run(CHECK, TOOLS / "resolvers", folder)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def mistyped(folder: Path) -> list[str]:
    """Return what does not fit the types of AppSync's utilities."""
    return run(COMPILER, "--project", folder).stdout.splitlines()


def deployed() -> dict[str, str]:
    return {
        ".".join(field): code
        for field, code in resolvers(SEARCH_SYNC.folder / "graphql" / "resolvers").items()
    }


def test_appsync_would_take_every_resolver(written: Callable[..., Path]) -> None:
    modules = deployed()
    assert refused(written(modules)) == {f"{name}.js": [] for name in modules}


def test_every_resolver_calls_utilities_that_there_are_with_what_they_take(
    written: Callable[..., Path],
) -> None:
    assert mistyped(written(deployed())) == []


def test_what_node_runs_and_appsync_does_not_is_found(written: Callable[..., Path]) -> None:
    bodies = {
        "no-try": "try { return {}; } catch (error) { return {}; }",
        "no-regex": "return { payload: /x/ };",
        "no-for": "for (let n = 0; n < 3; n += 1) {} return {};",
        "no-while": "while (ctx.args.more) {} return {};",
        "no-async": "return { payload: async () => 1 };",
        "no-disallowed-unary-operators": "let n = 1; n++; return { payload: n };",
    }
    modules = {
        name: f"export function request(ctx) {{\n  {body}\n}}\n{RESPONSE}"
        for name, body in bodies.items()
    }
    found = refused(written(modules))
    for name in modules:
        assert f"appsync/{name}" in [rule for rule, _, _ in found[f"{name}.js"]], found


def test_a_utility_that_is_misused_is_found(written: Callable[..., Path]) -> None:
    calls = ("util.matchs('a', 'b')", "util.matches('a')", "util.dynamodb.toMap()", "util.error(1)")
    modules = {
        f"call{number}": f"import {{ util }} from '@aws-appsync/utils';\nexport const a = {call};\n"
        for number, call in enumerate(calls)
    }
    said = mistyped(written(modules))
    for name, code in modules.items():
        assert any(f"{name}.js(2," in line for line in said), code
