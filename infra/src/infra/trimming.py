"""Takes out of installed dependencies what no function reads.

A client's start-up is mostly reading the service's model: botocore alone carries some 400
services. The models are cut to the operations that are called, with the shapes they reach.
"""

import gzip
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Operations = Mapping[str, Sequence[str]]

# Shared files of botocore's data that every client reads.
_SHARED = {"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
_MODELS = ("service-2.json", "endpoint-rule-set-1.json")
_PROSE = {"documentation", "documentationUrl"}
# Of a distribution's metadata, what importlib.metadata answers from at run time.
_METADATA = {"METADATA", "entry_points.txt"}
# Large parts of dependencies that no function imports: every bundle's handlers are imported in
# the tests with nothing else at hand. A function that needs one takes it off this list.
_UNUSED = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/*/",
    "charset_normalizer/*.so",  # compiled copies of modules that are there as Python, too
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    # opensearch-py: its other transports, what stands on the client, and most of the engine's API.
    "opensearchpy/_async",
    "opensearchpy/client/*.py",
    "opensearchpy/connection/*.py",
    "opensearchpy/helpers/*",
    "opensearchpy/metrics/metrics_events.py",
    "opensearchpy/plugins",
    # What only those need.
    *("charset_normalizer", "charset_normalizer-*", "idna", "idna-*", "requests", "requests-*"),
    *("events", "events-*"),
    "pydantic/v1",
    "urllib3/contrib/emscripten",
)
_USED = {
    f"{folder}/{name}"
    for folder, names in {
        "aws_lambda_powertools/utilities": ("circuit_breaker", "jmespath_utils", "typing"),
        "opensearchpy/client": (
            *("__init__.py", "client.py", "utils.py"),
            *("http.py", "indices.py"),  # the parts of its API that `rewriting` keeps
        ),
        "opensearchpy/connection": ("__init__.py", "base.py", "http_urllib3.py"),
        "opensearchpy/helpers": ("__init__.py", "signer.py", "utils.py"),
    }.items()
    for name in names
}
# Bytecode is made anew; stubs and type markers are for checkers.
_WASTE = ("*.pyc", "*.pyi", "*.pxd", "*.pyx", "py.typed")


class UnknownOperation(LookupError):
    """An operation that botocore's model of the service does not have."""


def trim(root: Path, operations: Operations) -> None:
    """Trim a folder of installed distributions in place.

    Parameters
    ----------
    root
        Where they are installed.
    operations
        The AWS operations that are called, by botocore's name of the service.

    Raises
    ------
    UnknownOperation
        botocore knows no such service or operation.
    """
    for pattern in _WASTE:
        for path in root.rglob(pattern):
            path.unlink()
    for path in [*root.rglob("__pycache__"), *root.rglob("tests"), root / "bin"]:
        shutil.rmtree(path, ignore_errors=True)
    for pattern in _UNUSED:
        for path in root.glob(pattern):
            if path.relative_to(root).as_posix() not in _USED:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    for info in root.glob("*.dist-info"):
        _trim_metadata(info)
    data = root / "botocore" / "data"
    if data.is_dir():
        _trim_botocore(data, operations)


def _trim_metadata(info: Path) -> None:
    for path in [path for path in info.rglob("*") if path.is_file()]:
        if path.name not in _METADATA:
            path.unlink()
    for path in [path for path in info.iterdir() if path.is_dir()]:
        shutil.rmtree(path)
    metadata = info / "METADATA"
    lines = metadata.read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
    kept = [line for line in lines if line.startswith(("Metadata-Version:", "Name:", "Version:"))]
    metadata.write_text("\n".join([*kept, "", ""]), encoding="utf-8")


def _trim_botocore(data: Path, operations: Operations) -> None:
    for service in operations:
        if not (data / service).is_dir():
            raise UnknownOperation(f"botocore has no service {service!r}")
    for path in data.iterdir():
        if path.is_dir() and path.name not in operations:
            shutil.rmtree(path)
        elif path.is_file() and path.name not in _SHARED:
            path.unlink()
    for service, names in operations.items():
        for version in (data / service).iterdir():
            _trim_service(version, service, names)
    _trim_endpoints(data / "endpoints.json", operations)


def _trim_service(folder: Path, service: str, operations: Sequence[str]) -> None:
    for path in folder.iterdir():
        name = path.name.removesuffix(".gz")
        if name in _MODELS:
            packed = path.read_bytes()
            model = json.loads(gzip.decompress(packed) if path.suffix == ".gz" else packed)
            if name == "service-2.json":
                model = _called(model, service, operations)
            trimmed = _without_prose(model)
            for parameter in trimmed.get("clientContextParams", {}).values():
                parameter["documentation"] = ""  # botocore looks for it
            _write(folder / name, trimmed)
        if path.name != name or name not in _MODELS:
            path.unlink()


def _called(model: dict[str, Any], service: str, operations: Sequence[str]) -> dict[str, Any]:
    missing = sorted(set(operations) - set(model["operations"]))
    if missing:
        raise UnknownOperation(f"botocore's {service} has no operation {', '.join(missing)}")
    kept = {name: model["operations"][name] for name in operations}
    reached: set[str] = set()
    for operation in kept.values():
        roots = [operation.get("input"), operation.get("output"), *operation.get("errors", [])]
        for root in roots:
            if root:
                _reach(model["shapes"], root["shape"], reached)
    shapes = {name: shape for name, shape in model["shapes"].items() if name in reached}
    return {**model, "operations": kept, "shapes": shapes}


def _reach(shapes: Mapping[str, Any], name: str, reached: set[str]) -> None:
    if name in reached:
        return
    reached.add(name)
    shape = shapes[name]
    parts = [*shape.get("members", {}).values()]
    parts += [shape[role] for role in ("member", "key", "value") if role in shape]
    for part in parts:
        _reach(shapes, part["shape"], reached)


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_prose(item)
            for key, item in value.items()
            if not (key in _PROSE and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    return value


def _trim_endpoints(path: Path, operations: Operations) -> None:
    document = json.loads(path.read_bytes())
    for partition in document["partitions"]:
        partition["services"] = {
            name: service
            for name, service in partition["services"].items()
            if name in operations or name == "sts"
        }
    _write(path, document)


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
