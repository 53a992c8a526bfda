"""The search domain has no way in but its own functions, and these no way out but to AWS."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import pytest
from opensearchpy import OpenSearch

from infra.stages import Stage
from runtime.serving import Asked, Reply, serving
from search_sync.operations.admit_roles import Roles, admit_roles
from tests.synthesis import Assembly, Json, Resource, Template, synthesised
from tests.templates import functions, referred, text

SERVICE = "search-sync"
PARTS = ("Readers", "Writers", "Operators")
OPERATIONS = "search_sync.operations"
WAYS_OUT = {
    "AWS::EC2::CarrierGateway",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::EC2::VPNGateway",
}
THROUGH_LAMBDA = {"logs", "xray", "ec2"}
"""What Lambda itself does by a function's role, from outside of the function's network."""
# What AWS takes as the description of a group's rule (EC2's API reference, "IpRange").
DESCRIBED = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage.of(request.param)


@pytest.fixture
def assembly(stage: Stage) -> Assembly:
    return synthesised(stage.name)


@pytest.fixture
def template(assembly: Assembly) -> Template:
    return assembly.templates[SERVICE]


def one(template: Template, kind: str) -> Resource:
    (found,) = template.resources(kind)
    return found


def refer(values: list[Json]) -> set[str]:
    return {referred(value) for value in values}


def searching(assembly: Assembly) -> set[str]:
    """Return the handlers of the functions that reach the engine."""
    return {
        str(function.properties["Handler"])
        for function in assembly.resources("AWS::Lambda::Function")
        if "SEARCH_ENDPOINT" in function.properties["Environment"]["Variables"]
    }


def allowed(role: Resource) -> Iterator[tuple[str, list[str]]]:
    """Yield what a role may do, and where."""
    for policy in role.properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                for action in statement["Action"]:
                    yield action, [text(place) for place in statement["Resource"]]


def role_of(template: Template, handler: str) -> Resource:
    return template.get(referred(functions(template)[handler].properties["Role"]))


def groups(template: Template) -> tuple[Resource, Resource]:
    """Return the security groups: of the functions, and of what they reach."""
    (caller,) = {
        referred(group)
        for function in template.resources("AWS::Lambda::Function")
        for group in function.properties.get("VpcConfig", {}).get("SecurityGroupIds", [])
    }
    domain = one(template, "AWS::OpenSearchService::Domain")
    (inside,) = domain.properties["VPCOptions"]["SecurityGroupIds"]
    return template.get(caller), template.get(referred(inside))


def test_the_network_has_no_way_out(template: Template, assembly: Assembly) -> None:
    assert not [str(found) for found in assembly.resources(*WAYS_OUT)]
    routes = one(template, "AWS::EC2::RouteTable").logical_id
    associated = {
        referred(found.properties["SubnetId"]): referred(found.properties["RouteTableId"])
        for found in template.resources("AWS::EC2::SubnetRouteTableAssociation")
    }
    for subnet in template.resources("AWS::EC2::Subnet"):
        assert subnet.properties["MapPublicIpOnLaunch"] is False, subnet
        assert associated[subnet.logical_id] == routes, subnet
        assert "Ipv6CidrBlock" not in subnet.properties, subnet
    assert one(template, "AWS::EC2::VPC").properties["EnableDnsSupport"] is True


def test_the_domain_is_in_the_network_in_a_zone_for_each_node(
    stage: Stage, template: Template
) -> None:
    subnets = {found.logical_id: found for found in template.resources("AWS::EC2::Subnet")}
    domain = one(template, "AWS::OpenSearchService::Domain").properties
    assert refer(domain["VPCOptions"]["SubnetIds"]) == set(subnets)
    zones = {found.properties["AvailabilityZone"]["Fn::Select"][0] for found in subnets.values()}
    nodes = 1 if stage.disposable else 3
    assert len(zones) == len(subnets) == domain["ClusterConfig"]["InstanceCount"] == nodes
    blocks = {found.properties["CidrBlock"] for found in subnets.values()}
    assert len(blocks) == nodes


def test_who_reaches_the_engine_is_in_the_network_and_nobody_else(
    assembly: Assembly, template: Template
) -> None:
    subnets = {found.logical_id for found in template.resources("AWS::EC2::Subnet")}
    caller, _ = groups(template)
    within = set()
    for function in assembly.resources("AWS::Lambda::Function"):
        if place := function.properties.get("VpcConfig"):
            within.add(str(function.properties["Handler"]))
            assert refer(place["SubnetIds"]) == subnets, function
            assert refer(place["SecurityGroupIds"]) == {caller.logical_id}, function
    assert (
        within
        == searching(assembly)
        == {
            "search_sync.api.search.handler",
            "search_sync.api.suggest.handler",
            "search_sync.resolvers.query_search.handler",
            "search_sync.streams.feed_index.handler",
            "search_sync.workers.retry_index.handler",
            f"{OPERATIONS}.admit_roles.handler",
            f"{OPERATIONS}.relay_requests.handler",
        }
    )


def test_only_the_functions_come_in_and_nothing_but_tls_goes_out(template: Template) -> None:
    caller, inside = groups(template)
    assert caller != inside
    assert {caller.logical_id, inside.logical_id} == {
        group.logical_id for group in template.resources("AWS::EC2::SecurityGroup")
    }
    assert not list(
        template.resources("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
    )
    tls = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    assert "SecurityGroupIngress" not in caller.properties
    (out,) = caller.properties["SecurityGroupEgress"]
    assert out.items() >= tls.items()
    (come,) = inside.properties["SecurityGroupIngress"]
    assert come.items() >= tls.items()
    assert referred(come["SourceSecurityGroupId"]) == caller.logical_id
    assert not come.keys() & {"CidrIp", "CidrIpv6", "SourcePrefixListId"}
    (nowhere,) = inside.properties["SecurityGroupEgress"]
    assert nowhere["CidrIp"] == "127.0.0.1/32"
    for rule in (out, come, nowhere):
        assert DESCRIBED.fullmatch(rule["Description"]), rule
    for group in (caller, inside):
        assert DESCRIBED.fullmatch(group.properties["GroupDescription"]), group


def test_there_is_an_endpoint_for_each_service_that_the_functions_call(
    assembly: Assembly, template: Template
) -> None:
    called = {
        action.partition(":")[0]
        for handler in searching(assembly)
        for action, _ in allowed(role_of(template, handler))
    }
    endpoints = {
        text(found.properties["ServiceName"]).rpartition(".")[2]: found
        for found in template.resources("AWS::EC2::VPCEndpoint")
    }
    # S3 takes the answers of custom resources, by addresses that CloudFormation has signed.
    assert set(endpoints) == called - THROUGH_LAMBDA - {"es"} | {"s3"}
    subnets = {found.logical_id for found in template.resources("AWS::EC2::Subnet")}
    routes = one(template, "AWS::EC2::RouteTable").logical_id
    _, inside = groups(template)
    for service, endpoint in endpoints.items():
        said = endpoint.properties
        if service in ("dynamodb", "s3"):
            assert said["VpcEndpointType"] == "Gateway", endpoint
            assert refer(said["RouteTableIds"]) == {routes}, endpoint
        else:
            assert said["VpcEndpointType"] == "Interface", endpoint
            assert said["PrivateDnsEnabled"] is True, f"{endpoint}: clients ask the usual name"
            assert refer(said["SubnetIds"]) == subnets, endpoint
            assert refer(said["SecurityGroupIds"]) == {inside.logical_id}, endpoint


def test_through_an_endpoint_goes_only_what_is_the_accounts_own(template: Template) -> None:
    for endpoint in template.resources("AWS::EC2::VPCEndpoint"):
        (statement,) = endpoint.properties["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Allow", endpoint
        if text(endpoint.properties["ServiceName"]).endswith(".s3"):
            assert statement["Action"] == ["s3:PutObject"], endpoint
            ((_, parts),) = (place["Fn::Join"] for place in statement["Resource"])
            hyphens = {"Fn::Join": ["", {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}
            assert parts[2:] == [
                ":s3:::cloudformation-custom-resource-response-",
                hyphens,
                "/*",
            ], endpoint
        else:
            own = {"Ref": "AWS::AccountId"}
            assert statement["Condition"] == {
                "StringEquals": {"aws:PrincipalAccount": own, "aws:ResourceAccount": own}
            }, endpoint


def test_a_function_comes_after_what_it_reaches_and_goes_before(
    assembly: Assembly, template: Template
) -> None:
    roles = one(template, "Custom::EngineRoles").logical_id
    network = {
        found.logical_id
        for found in template.resources(
            "AWS::EC2::VPCEndpoint", "AWS::EC2::SubnetRouteTableAssociation"
        )
    }
    for handler in searching(assembly):
        function = functions(template)[handler]
        # The engine knows a role before its function comes; its master is the one to tell it.
        known = set() if handler == f"{OPERATIONS}.admit_roles.handler" else {roles}
        assert set(function.document["DependsOn"]) >= network | known, function


def test_lambda_connects_the_functions_and_they_themselves_may_not(
    assembly: Assembly, template: Template
) -> None:
    inside = searching(assembly)
    for handler, function in functions(template).items():
        role = role_of(template, handler)
        granted = {action for action, _ in allowed(role) if action.startswith("ec2:")}
        denied = [
            statement
            for policy in role.properties["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        if handler not in inside:
            assert not granted, role
            continue
        (statement,) = denied
        assert granted == set(statement["Action"]), role
        assert statement["Resource"] == ["*"], role
        source = text(statement["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"])
        assert source.endswith(f":function:{function.properties['FunctionName']}"), role


def test_the_network_logs_its_connections(stage: Stage, template: Template) -> None:
    flows = one(template, "AWS::EC2::FlowLog").properties
    assert referred(flows["ResourceId"]) == one(template, "AWS::EC2::VPC").logical_id
    assert flows["TrafficType"] == "ALL"
    group = template.get(referred(flows["LogGroupName"]))
    assert group.properties["RetentionInDays"] == stage.log_days
    role = template.get(referred(flows["DeliverLogsPermissionArn"]))
    assert {place for _, places in allowed(role) for place in places} == {
        f"${{{group.logical_id}}}"
    }


def test_the_domain_knows_who_calls_and_obeys_one_role_alone(template: Template) -> None:
    domain = one(template, "AWS::OpenSearchService::Domain")
    master = role_of(template, f"{OPERATIONS}.admit_roles.handler")
    assert domain.properties["AdvancedSecurityOptions"] == {
        "Enabled": True,
        "InternalUserDatabaseEnabled": False,
        "MasterUserOptions": {"MasterUserARN": {"Fn::GetAtt": [master.logical_id, "Arn"]}},
    }
    rules = f"domain/{domain.properties['DomainName']}/_plugins/_security/api/*"
    for action, (place,) in (pair for pair in allowed(master) if pair[0].startswith("es:")):
        assert place.endswith(rules), f"{master} may {action}: it is to give out rights alone"


def test_the_master_may_tell_the_domain_what_it_tells_it(template: Template) -> None:
    told = one(template, "Custom::EngineRoles").properties
    named = {part: [f"arn:aws:iam::012345678901:role/{part}"] for part in PARTS}
    asked: list[tuple[str, str]] = []

    def answer(request: Asked) -> Reply:
        asked.append((request.method, urlsplit(request.path).path))
        return Reply({})

    with serving(answer) as url, OpenSearch(hosts=[url]) as engine:
        admit_roles(Roles.model_validate(told | named), engine)
    domain = one(template, "AWS::OpenSearchService::Domain").properties["DomainName"]
    may = list(allowed(role_of(template, f"{OPERATIONS}.admit_roles.handler")))
    assert asked
    for method, path in asked:
        assert any(
            action == f"es:ESHttp{method.title()}"
            and fnmatchcase(f"domain/{domain}{path}", place.rpartition(":")[2])
            for action, places in may
            for place in places
        ), f"{method} {path}"


def test_the_engine_is_told_of_each_role_that_may_call_it_once(template: Template) -> None:
    told = one(template, "Custom::EngineRoles").properties
    parts = {part: [referred(role) for role in told[part]] for part in PARTS}
    listed = [role for roles in parts.values() for role in roles]
    assert len(set(listed)) == len(listed)
    master = role_of(template, f"{OPERATIONS}.admit_roles.handler")
    calling = {
        role.logical_id
        for role in template.resources("AWS::IAM::Role")
        if any(action.startswith("es:") for action, _ in allowed(role))
    }
    assert {*listed, master.logical_id} == calling
    handlers = {
        referred(function.properties["Role"]): handler
        for handler, function in functions(template).items()
    }
    assert {part: {handlers[role] for role in roles} for part, roles in parts.items()} == {
        "Readers": {
            "search_sync.api.search.handler",
            "search_sync.api.suggest.handler",
            "search_sync.resolvers.query_search.handler",
        },
        "Writers": {
            "search_sync.streams.feed_index.handler",
            "search_sync.workers.retry_index.handler",
        },
        "Operators": {f"{OPERATIONS}.relay_requests.handler"},
    }


def test_the_engine_is_told_again_if_it_is_another_one_or_the_code_is(template: Template) -> None:
    told = one(template, "Custom::EngineRoles").properties
    teller = functions(template)[f"{OPERATIONS}.admit_roles.handler"]
    assert referred(told["ServiceToken"]) == teller.logical_id
    assert told["Engine"] == teller.properties["Environment"]["Variables"]["SEARCH_ENDPOINT"]
    assert told["Code"] == teller.properties["Code"]["S3Key"]
    # It answers before CloudFormation gives it up, also if it starts late.
    assert teller.properties["Timeout"] + 20 <= int(told["ServiceTimeout"])


def test_the_operator_reaches_the_engine_by_one_function_alone(template: Template) -> None:
    relay = functions(template)[f"{OPERATIONS}.relay_requests.handler"]
    (operator,) = (
        role
        for role in template.resources("AWS::IAM::Role")
        if str(role.properties.get("RoleName")).endswith("-search-operator")
    )
    assert list(allowed(operator)) == [("lambda:InvokeFunction", [f"${{{relay.logical_id}}}"])]
    output = template.document["Outputs"]["SearchRelay"]
    assert output["Value"] == {"Ref": relay.logical_id}
    assert relay.properties["Timeout"] > 60, "it gives the engine as long"


def test_what_a_kept_domain_stands_on_is_kept_with_it(stage: Stage, template: Template) -> None:
    place = one(template, "AWS::OpenSearchService::Domain").properties["VPCOptions"]
    below = [
        template.get(name) for name in refer([*place["SubnetIds"], *place["SecurityGroupIds"]])
    ]
    below += [*groups(template), one(template, "AWS::EC2::VPC")]
    for resource in below:
        kept = resource.document.get("DeletionPolicy") == "Retain"
        assert kept is not stage.disposable, resource


def test_a_local_stage_has_its_own_engine_and_none_of_this() -> None:
    template = synthesised("test").templates[SERVICE]
    for resource in template.resources():
        assert not resource.type.startswith(("AWS::EC2::", "AWS::OpenSearch", "Custom::")), resource
        assert "VpcConfig" not in resource.properties, resource
        assert not str(resource.properties.get("RoleName")).endswith("-search-operator")
    assert not [handler for handler in template.handlers if handler.startswith(OPERATIONS)]
    outputs = template.document["Outputs"]
    assert "SearchRelay" not in outputs
    assert outputs["SearchEndpoint"]["Value"] == Stage.of("test").search_url
