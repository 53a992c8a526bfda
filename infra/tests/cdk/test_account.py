"""What `starling deploy` sees to in an account: asked of a server that answers as AWS does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from infra import account, deploying, tools
from infra.errors import StarlingError
from infra.stages import Stage
from runtime.serving import Asked, Reply, serving

MADE = """<CreateServiceLinkedRoleResponse><CreateServiceLinkedRoleResult><Role>
<RoleName>AWSServiceRoleForAmazonOpenSearchService</RoleName></Role>
</CreateServiceLinkedRoleResult></CreateServiceLinkedRoleResponse>"""
REFUSED = "<ErrorResponse><Error><Code>{}</Code><Message>No</Message></Error></ErrorResponse>"
ROLE = {
    "Action": ["CreateServiceLinkedRole"],
    "AWSServiceName": ["opensearchservice.amazonaws.com"],
}


@contextmanager
def aws(refusal: str = "") -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Serve as AWS; yield its URL, and the forms that it was sent."""
    forms: list[dict[str, list[str]]] = []

    def answer(asked: Asked) -> Reply:
        form = parse_qs(asked.body.decode())
        forms.append({name: values for name, values in form.items() if name != "Version"})
        content = REFUSED.format(refusal) if refusal else MADE
        return Reply(content.encode(), 400 if refusal else 200, {"Content-Type": "text/xml"})

    with serving(answer) as url:
        yield url, forms


def at(url: str) -> Stage:
    """Return a stage whose AWS is a server."""
    return replace(Stage.of("test"), emulator_port=urlsplit(url).port)


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """Where a stack with a search domain is."""
    template = {"Resources": {"Domain": {"Type": "AWS::OpenSearchService::Domain"}}}
    (tmp_path / "starling-dev-birds.template.json").write_text(json.dumps(template))
    return tmp_path


def test_the_role_is_made_with_which_domains_are_connected(assembly: Path) -> None:
    with aws() as (url, forms):
        account.prepare(at(url), assembly)
    assert forms == [ROLE]


@pytest.mark.parametrize("refusal", ["InvalidInput", "AccessDenied"])
def test_a_role_that_is_there_or_that_others_make_stops_nobody(
    assembly: Path, refusal: str
) -> None:
    with aws(refusal) as (url, forms):
        account.prepare(at(url), assembly)
    assert forms == [ROLE]


def test_any_other_refusal_is_told(assembly: Path) -> None:
    with aws("LimitExceeded") as (url, _), pytest.raises(ClientError, match="LimitExceeded"):
        account.prepare(at(url), assembly)


def test_without_a_domain_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "starling-dev-birds.template.json").write_text('{"Resources": {}}')
    with aws() as (url, forms):
        account.prepare(at(url), tmp_path)
    assert forms == []


def test_a_deployment_to_aws_makes_the_role_first(
    assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools.ensure("node")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with aws("AccessDenied") as (url, forms):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        # There is no manifest: the CDK refuses the assembly.
        with pytest.raises(StarlingError, match="Deploying failed"):
            deploying.deploy(Stage.of("dev"), assembly)
    assert forms[0] == ROLE


def test_a_local_deployment_makes_none(assembly: Path) -> None:
    tools.ensure("node")
    with aws() as (url, forms), pytest.raises(StarlingError, match="Deploying failed"):
        deploying.deploy(at(url), assembly)
    assert ROLE not in forms
