import json
import shutil
import subprocess
import sys
from pathlib import Path

import botocore
import pytest

from infra.trimming import UnknownOperation, trim

OPERATIONS = {"dynamodb": ["GetItem", "TransactWriteItems"], "events": ["PutEvents"]}
USE = """
import importlib.metadata, json, sys
sys.path[:0] = [sys.argv[1]]
import botocore.session
from botocore.stub import Stubber
made = {}
for name in ("dynamodb", "events"):
    client = botocore.session.Session().create_client(
        name, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    made[name] = [client.meta.endpoint_url, sorted(client.meta.method_to_api_mapping)]
with Stubber(client) as stub:
    stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    made["answer"] = client.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])
made["version"] = importlib.metadata.version("botocore")
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Botocore and what it needs, as they are installed here."""
    root = tmp_path_factory.mktemp("installed")
    packages = Path(botocore.__file__).parents[1]
    for name in ("botocore", "dateutil", "jmespath", "urllib3", "six.py"):
        source = packages / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy(source, root)
    (info,) = packages.glob("botocore-*.dist-info")
    shutil.copytree(info, root / info.name)
    return root


@pytest.fixture(scope="module")
def trimmed(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trimmed") / "python"
    shutil.copytree(installed, root)
    trim(root, OPERATIONS)
    return root


def test_clients_of_what_is_kept_work(trimmed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", USE, str(trimmed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["dynamodb"] == [
        "https://dynamodb.eu-west-1.amazonaws.com",
        ["get_item", "transact_write_items"],
    ]
    assert made["events"] == ["https://events.eu-west-1.amazonaws.com", ["put_events"]]
    assert made["answer"]["Entries"] == [{"EventId": "1"}]
    assert made["version"] == botocore.__version__


def test_other_services_and_all_prose_are_gone(trimmed: Path) -> None:
    data = trimmed / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == set(OPERATIONS)
    (model,) = data.glob("dynamodb/*/service-2.json")
    assert '"documentation"' not in model.read_text()
    assert "BatchGetItemInput" not in json.loads(model.read_text())["shapes"]
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        assert set(partition["services"]) <= {*OPERATIONS, "sts"}


def test_it_is_much_smaller(installed: Path, trimmed: Path) -> None:
    def size(root: Path) -> int:
        data = root / "botocore" / "data"
        return sum(path.stat().st_size for path in data.rglob("*") if path.is_file())

    # The installed models are compressed, the trimmed ones are not.
    assert size(trimmed) < size(installed) / 20


def test_an_unknown_operation_is_named(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed, tmp_path / "python")
    with pytest.raises(UnknownOperation, match="dynamodb has no operation GetItems"):
        trim(tmp_path / "python", {"dynamodb": ["GetItems"]})


def test_an_unknown_service_is_named(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed, tmp_path / "python")
    with pytest.raises(UnknownOperation, match="no service 'dynamo'"):
        trim(tmp_path / "python", {"dynamo": []})
