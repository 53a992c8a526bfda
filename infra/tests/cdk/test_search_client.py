"""Of opensearch-py a bundle has the part that is used, and that part works as it was released."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opensearchpy
import pytest

from infra.discovery import services
from infra.rewriting import rewrite
from infra.trimming import trim
from runtime.serving import Asked, Reply, serving

PACKAGES = Path(opensearchpy.__file__).parents[1]
NEEDED = (
    *("botocore", "certifi", "charset_normalizer", "dateutil", "events", "idna", "jmespath"),
    *("opensearchpy", "requests", "six.py", "urllib3"),
)
USE = """
import json, sys
sys.path[:0] = [sys.argv[1]]
import botocore.session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
from opensearchpy.exceptions import ConflictError, ConnectionError, NotFoundError, RequestError
from urllib3 import Timeout

session = botocore.session.Session()
session.set_credentials("key", "secret")
signer = Urllib3AWSV4SignerAuth(session.get_credentials(), "eu-west-1", "es")
client = OpenSearch(hosts=[sys.argv[2]], http_auth=signer, timeout=Timeout(2), max_retries=0)
said = [
    client.search(index="a", body={"query": {"match_all": {}}}, params={"routing": "acme"}),
    client.bulk(index="a", body='{"index": {"_id": 1}}\\n{"name": "é"}\\n'),
    client.create_pit(index="a", params={"keep_alive": "1m"}),
    client.delete_pit(body={"pit_id": ["p"]}),
    client.indices.create(index="b", body={"mappings": {}}),
    client.indices.update_aliases(body={"actions": []}),
    client.indices.exists_alias(name="a"),
    client.http.get("/_cluster/health"),
    client.count(index="a"),
]
for status in (400, 404, 409):
    try:
        client.get(index="a", id=status)
    except (ConflictError, NotFoundError, RequestError) as error:
        said.append([type(error).__name__, error.status_code, error.error])
client.close()
try:
    OpenSearch(hosts=["http://127.0.0.1:1"], max_retries=0).info()
except ConnectionError as error:
    said.append(type(error).__name__)
print(json.dumps({"said": said, "modules": sorted(sys.modules)}))
"""


def echo(asked: Asked) -> Reply:
    """Answer with what was asked, as an engine, or refuse a document of a status's name."""
    refused = re.search(r"/_doc/(\d+)", asked.path)
    if refused:
        return Reply({"error": {"type": "refused", "reason": "…"}}, int(refused[1]))
    kept = ("content-type", "x-amz-content-sha256")
    return Reply(
        {
            "asked": f"{asked.method} {asked.path}",
            "body": asked.body.decode(),
            "headers": {name: asked.headers[name] for name in kept if name in asked.headers},
            "signed": "eu-west-1/es/aws4_request" in asked.headers.get("authorization", ""),
        }
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with serving(echo) as url:
        yield url


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("installed")
    for name in NEEDED:
        source = PACKAGES / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root)
    return root


@pytest.fixture(scope="module")
def trimmed(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trimmed") / "python"
    shutil.copytree(installed, root)
    trim(root, {})
    rewrite(root)
    return root


def used(root: Path, engine: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", USE, str(root), engine],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_part_that_is_kept_says_the_same(installed: Path, trimmed: Path, engine: str) -> None:
    before, after = used(installed, engine), used(trimmed, engine)
    assert after["said"] == before["said"]
    assert after["said"][0]["signed"] is True
    assert after["said"][-4:] == [
        ["RequestError", 400, "refused"],
        ["NotFoundError", 404, "refused"],
        ["ConflictError", 409, "refused"],
        "ConnectionError",
    ]
    for gone in ("asyncio", "charset_normalizer", "requests", "opensearchpy.helpers.document"):
        assert gone in before["modules"]
        assert gone not in after["modules"]


def test_most_of_it_is_gone(installed: Path, trimmed: Path) -> None:
    def size(root: Path) -> int:
        return sum(file.stat().st_size for file in (root / "opensearchpy").rglob("*.py"))

    assert size(trimmed) < size(installed) / 4
    for gone in ("_async", "plugins", "helpers/document.py", "client/cat.py"):
        assert (installed / "opensearchpy" / gone).exists()
        assert not (trimmed / "opensearchpy" / gone).exists()
    assert not {"charset_normalizer", "events", "idna", "requests"} & {
        path.name for path in trimmed.iterdir()
    }


def test_functions_use_no_part_of_the_engines_api_that_a_bundle_does_not_have() -> None:
    parts = set(vars(opensearchpy.OpenSearch())) - {"transport"}
    assert parts >= {"cat", "cluster", "indices", "http", "snapshot"}
    gone = "|".join(sorted(parts - {"indices", "http"}))
    (service,) = services(["search-sync"])
    for module in service.source.rglob("*.py"):
        found = re.findall(rf"client\.(?:{gone})\.", module.read_text())
        assert not found, f"{module.name}: {found}; see infra/trimming.py and infra/rewriting.py"
