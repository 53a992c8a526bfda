"""Every alarm is heard, and says what to do; every service is seen on a dashboard of its own."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.deploying import ALL, chosen
from infra.paths import ROOT
from tests.synthesis import Template, synthesised
from tests.templates import referred, text

SERVICES = sorted({*chosen(ALL)} - {"platform"})
_LINK = re.compile(r"What to do: (\S+\.md)#(\S+)$")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
GATEWAYS = {"AWS::ApiGateway::RestApi": "5XXError", "AWS::ApiGatewayV2::Api": "5xx"}


@pytest.fixture(params=SERVICES)
def template(request: pytest.FixtureRequest) -> Template:
    return synthesised("dev").templates[request.param]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, by GitHub's rules; of two alike the first one."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def alarms(template: Template) -> list[dict[str, Any]]:
    return [alarm.properties for alarm in template.resources("AWS::CloudWatch::Alarm")]


def test_every_alarm_links_to_a_heading_of_its_services_readme(template: Template) -> None:
    page = ROOT / "services" / template.stack / "README.md"
    known = anchors(page)
    for alarm in alarms(template):
        link = _LINK.search(alarm["AlarmDescription"])
        assert link, f"{alarm['AlarmName']} does not say what to do"
        assert ROOT / link[1] == page, f"{alarm['AlarmName']} is explained at {link[1]}"
        assert link[2] in known, f"{alarm['AlarmName']}: {link[1]} has no heading #{link[2]}"


def test_every_section_of_a_runbook_is_some_alarms(template: Template) -> None:
    page = ROOT / "services" / template.stack / "README.md"
    _, _, rest = page.read_text(encoding="utf-8").partition("\n## When an alarm rings\n")
    runbook, _, _ = rest.partition("\n## ")
    headings = [h for h in _HEADING.findall(runbook) if "`" in h]
    assert len(set(headings)) == len(headings), "two sections of one name: links lead to the first"
    linked = {link[2] for a in alarms(template) if (link := _LINK.search(a["AlarmDescription"]))}
    idle = [
        heading
        for heading in headings
        if re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") not in linked
    ]
    assert not idle, f"no alarm of {template.stack} leads to {idle}"


def test_every_alarm_is_heard(template: Template) -> None:
    for alarm in alarms(template):
        (action,) = map(text, alarm["AlarmActions"])
        assert action.endswith(":starling-dev-alarms"), f"nobody hears {alarm['AlarmName']}"
        assert alarm["TreatMissingData"] == "notBreaching", alarm["AlarmName"]


def test_every_api_rings_when_requests_fail(template: Template) -> None:
    for api in template.resources(*GATEWAYS):
        (dimension,) = [
            alarm["Dimensions"]
            for alarm in alarms(template)
            if alarm.get("Namespace") == "AWS/ApiGateway"
            and alarm["MetricName"] == GATEWAYS[api.type]
        ]
        (named,) = [one["Value"] for one in dimension]
        assert api.properties["Name"] == named or referred(named) == api.logical_id


def test_every_service_has_one_dashboard_that_shows_all_of_its_functions_and_queues(
    template: Template,
) -> None:
    (board,) = template.resources("AWS::CloudWatch::Dashboard")
    assert board.properties["DashboardName"] == f"starling-dev-{template.stack}"
    said = board.properties["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(said if isinstance(said, str) else said[0])["widgets"]
    shown = {
        value
        for widget in widgets
        for metric in widget["properties"].get("metrics", [])
        for value in metric[2:-1]
    }
    names = {
        resource.properties[name]
        for kind, name in (
            ("AWS::Lambda::Function", "FunctionName"),
            ("AWS::SQS::Queue", "QueueName"),
            ("AWS::SNS::Topic", "TopicName"),
        )
        for resource in template.resources(kind)
    }
    assert names <= shown, f"the dashboard does not show {sorted(names - shown)}"


def test_a_service_that_takes_payments_rings_when_they_fail() -> None:
    found = {a["AlarmName"]: a for a in alarms(synthesised("dev").templates["orders"])}
    share = found["starling-dev-orders-payments-failing"]
    counted = {
        query["MetricStat"]["Metric"]["MetricName"]
        for query in share["Metrics"]
        if "MetricStat" in query
    }
    assert counted == {"PaymentsCaptured", "PaymentsDeclined", "PaymentsUnavailable"}
    breaker = found["starling-dev-orders-breaker-open"]
    assert breaker["MetricName"] == "BreakerOpened"
    assert {d["Name"]: d["Value"] for d in breaker["Dimensions"]} == {
        "stage": "dev",
        "service": "orders",
        "breaker": "payments",
    }
