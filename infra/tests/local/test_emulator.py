"""The corrections of the emulator, on the real one."""

import io
import json
import os
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest

from infra.journey_steps import until
from infra.local.emulator import private
from infra.local.emulator.explanation import explain
from infra.local.emulator.private import MovedError

PATIENCE = 120
"""How many seconds a busy machine may take for what takes one."""

LOOK = """
import importlib.util, sys
from who import name
def handler(event, context):
    modules = ["ministack", "botocore", "hypercorn"]
    return {"found": [m for m in modules if importlib.util.find_spec(m)], "who": name}
"""
RAISE = """
import os
class OutOfStock(Exception):
    pass
def handler(event, context):
    if "calm" in event:
        return os.getpid()
    raise OutOfStock("secret detail")
"""
STARTING = """
import os, pathlib, time
folder = pathlib.Path({folder!r})
mine = folder / f"starting-{{os.getpid()}}"
mine.touch()
time.sleep(0.2)
(folder / f"seen-{{os.getpid()}}").write_text(str(len([*folder.glob("starting-*")])))
mine.unlink()
def handler(event, context):
    return os.getpid()
"""

SLOW = """
import pathlib, time
def handler(event, context):
    folder = pathlib.Path({folder!r})
    (folder / "running").touch()
    until = time.monotonic() + {patience}
    while not (folder / "handled").exists() and time.monotonic() < until:
        time.sleep(0.01)
    (folder / "ended").write_text(str((folder / "handled").exists()))
"""
QUICK = """
import pathlib
def handler(event, context):
    (pathlib.Path({folder!r}) / "handled").touch()
"""


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def functions(emulator) -> Any:
    client = emulator.client("lambda")

    def create(name: str, code: bytes, **more: Any) -> str:
        client.create_function(
            FunctionName=name, Runtime="python3.13", Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/none", Code={"ZipFile": code}, **more,
        )  # fmt: skip
        return name

    layer = client.publish_layer_version(
        LayerName="names", Content={"ZipFile": zipped(python__who="name = 'layer'")}
    )["LayerVersionArn"]
    create("layered", zipped(index=LOOK), Layers=[layer])
    create("own", zipped(index=LOOK, who="name = 'function'"), Layers=[layer])
    create("raising", zipped(index=RAISE))
    create("broken", zipped(index="import no_such_module"))
    return client


def invoke(functions: Any, name: str) -> tuple[dict[str, Any], bool]:
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    return json.load(answer["Payload"]), "FunctionError" in answer


def test_a_function_cannot_import_what_only_the_emulator_has(functions):
    assert invoke(functions, "layered")[0]["found"] == []


def test_a_function_imports_from_its_layer(functions):
    assert invoke(functions, "layered")[0]["who"] == "layer"


def test_a_function_s_own_code_comes_before_its_layers(functions):
    assert invoke(functions, "own")[0]["who"] == "function"


def test_an_error_keeps_the_name_of_its_type(functions):
    body, failed = invoke(functions, "raising")
    assert failed
    assert body["errorType"] == "OutOfStock"


def test_a_function_that_raised_goes_on_in_the_same_environment(functions):
    def process() -> Any:
        answer = functions.invoke(FunctionName="raising", Payload=b'{"calm": true}')
        return json.load(answer["Payload"])

    seen = {process()}
    for _ in range(6):
        assert invoke(functions, "raising")[1]
        seen.add(process())
    # Its answer may be here a moment before it is free again: then another one is started.
    assert len(seen) <= 2


def test_of_many_environments_few_start_at_once(functions, tmp_path):
    functions.create_function(
        FunctionName="starting", Runtime="python3.13", Handler="index.handler", Timeout=60,
        Role="arn:aws:iam::000000000000:role/none",
        Code={"ZipFile": zipped(index=STARTING.format(folder=str(tmp_path)))},
    )  # fmt: skip
    with ThreadPoolExecutor(20) as pool:
        processes = [*pool.map(lambda _: invoke(functions, "starting"), range(20))]
    assert not any(failed for _, failed in processes)
    assert len({process for process, _ in processes}) > 1
    seen = [int(file.read_text()) for file in tmp_path.glob("seen-*")]
    assert max(seen) <= (os.cpu_count() or 1)


def test_a_layer_s_files_are_shared_by_all_environments(functions, emulator):
    invoke(functions, "layered")
    invoke(functions, "own")
    assert len(list(emulator.folder.glob("tmp/starling-layers-*/*"))) == 1


def test_a_function_that_cannot_be_imported_is_named_before_anybody_calls_it(functions, emulator):
    report = emulator.folder / "functions.json"

    def reported() -> Any:
        return json.loads(report.read_text()) if report.exists() else {}

    told = until("the broken one was reported", reported, lambda told: "broken" in told, PATIENCE)
    assert "no_such_module" in told["broken"]["error"]


def test_a_silent_function_answers_without_waiting_for_logs(functions):
    invoke(functions, "layered")

    def seconds() -> float:
        started = time.perf_counter()
        invoke(functions, "layered")
        return time.perf_counter() - started

    # The stock emulator waits so long each time; on a busy machine one call in many does not.
    assert any(seconds() < 0.050 for _ in range(200))


def test_a_slow_stream_function_delays_no_other_stream(emulator, function_of, tmp_path):
    """The slow table's function runs until the other table's record has been handled."""
    slow = SLOW.format(folder=str(tmp_path), patience=PATIENCE)
    quick = QUICK.format(folder=str(tmp_path))
    resources: dict[str, Any] = {}
    for name, source in (("Slow", slow), ("Quick", quick)):
        resources |= {
            f"{name}Function": function_of(source, FunctionName=name, Timeout=2 * PATIENCE),
            f"{name}Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": name,
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                },
            },
            f"{name}Source": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "FunctionName": {"Ref": f"{name}Function"},
                    "EventSourceArn": {"Fn::GetAtt": [f"{name}Table", "StreamArn"]},
                    "StartingPosition": "TRIM_HORIZON",
                },
            },
        }
    emulator.deploy("streams", {"Resources": resources})
    dynamodb = emulator.client("dynamodb")
    dynamodb.put_item(TableName="Slow", Item={"pk": {"S": "1"}})
    until("the slow function ran", (tmp_path / "running").exists, bool, PATIENCE)
    dynamodb.put_item(TableName="Quick", Item={"pk": {"S": "1"}})
    until("the slow function ended", (tmp_path / "ended").exists, bool, 2 * PATIENCE)
    assert (tmp_path / "ended").read_text() == "True"


def test_cloudformation_keeps_an_event_archive(emulator):
    archive = {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "RetentionDays": 7}
    template = {
        "Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "archived"}},
            "Archive": {
                "Type": "AWS::Events::Archive",
                "Properties": {**archive, "ArchiveName": "kept"},
            },
        }
    }
    emulator.deploy("archive", template)
    events = emulator.client("events")
    assert events.describe_archive(ArchiveName="kept")["RetentionDays"] == 7
    emulator.client("cloudformation").delete_stack(StackName="archive")

    def archives() -> Any:
        return events.list_archives(NamePrefix="kept")["Archives"]

    until("the archive went with its stack", archives, lambda found: not found, PATIENCE)


# ---- what API Gateway says


@pytest.mark.parametrize(
    ("schema", "body", "said"),
    [
        ({"required": ["b", "a"]}, "{}", '[object has missing required properties (["a","b"])]'),
        (
            {"properties": {}, "additionalProperties": False},
            '{"x": 1}',
            '[object instance has properties which are not allowed by the schema: ["x"]]',
        ),
        (
            {"type": ["string", "null"]},
            "1",
            (
                "[instance type (integer) does not match any allowed primitive type "
                '(allowed: ["null","string"])]'
            ),
        ),
        (
            {"enum": ["A"]},
            '"B"',
            '[instance value ("B") not found in enum (possible values: ["A"])]',
        ),
        ({"minLength": 1}, '""', '[string "" is too short (length: 0, required minimum: 1)]'),
        ({"maxLength": 1}, '"ab"', '[string "ab" is too long (length: 2, maximum allowed: 1)]'),
        ({"pattern": "^a$"}, '"b"', '[ECMA 262 regex "^a$" does not match input string "b"]'),
        (
            {"minimum": 1},
            "0.5",
            "[numeric instance is lower than the required minimum (minimum: 1, found: 0.5)]",
        ),
        (
            {"maximum": 1},
            "2",
            "[numeric instance is greater than the required maximum (maximum: 1, found: 2)]",
        ),
        (
            {"minItems": 1},
            "[]",
            "[array is too short: must have at least 1 elements but instance has 0 elements]",
        ),
        (
            {"maxItems": 0},
            "[null]",
            "[array is too long: must have at most 0 elements but instance has 1 elements]",
        ),
        ({"multipleOf": 2}, "3", "[3 is not a multiple of 2]"),
        ({}, "{", "Invalid request body"),
        ({}, "", "Invalid request body"),
    ],
)
def test_a_refused_body_is_explained_in_the_words_of_aws(schema, body, said):
    assert explain(schema, body) == said


# ---- the guards


@pytest.fixture
def moved(monkeypatch) -> ModuleType:
    module = ModuleType("emulated")
    vars(module).update({"poll": lambda table: None, "TEXT": "one two two"})
    monkeypatch.setitem(sys.modules, "emulated", module)
    return module


def test_a_function_that_is_gone_stops_the_start(moved):
    with pytest.raises(MovedError, match="emulated has no gone"):
        private.function("emulated", "gone")


def test_a_function_with_other_parameters_stops_the_start(moved):
    with pytest.raises(MovedError, match="takes"):
        private.function("emulated", "poll", "table", "shard")
    with pytest.raises(MovedError, match="takes None"):
        private.function("emulated", "TEXT")


def test_nothing_is_put_where_nothing_was(moved):
    with pytest.raises(MovedError):
        private.put("emulated", "pole", None)
    assert not hasattr(moved, "pole")


@pytest.mark.parametrize("piece", ["two", "three"])
def test_a_text_that_does_not_hold_the_piece_just_once_stops_the_start(moved, piece):
    with pytest.raises(MovedError, match="just once"):
        private.edit("emulated", "TEXT", piece, "2")


def test_a_text_is_edited(moved):
    private.edit("emulated", "TEXT", "one", "1")
    assert vars(moved)["TEXT"] == "1 two two"
