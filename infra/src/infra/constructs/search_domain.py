"""An OpenSearch Service domain in a private network, which knows its callers by their roles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from infra.constructs.arns import arn
from infra.constructs.function import (
    Access,
    Function,
    Grant,
    Plan,
    keep_unless_disposable,
    log_group,
    policy,
)
from infra.constructs.private_network import PrivateNetwork
from infra.constructs.reasons import acknowledge

VERSION: Final = "OpenSearch_3.5"
_READ: Final = ("es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost")
_WRITE: Final = (*_READ, "es:ESHttpDelete", "es:ESHttpPut")
_RULES: Final = "_plugins/_security/api/*"
_GIB_A_NODE: Final = 20
_ANSWERS_WITHIN: Final = 180  # seconds, for which CloudFormation waits
_RULES_FOR: Final = 150  # seconds: Lambda may need some before it starts
# How cdk-nag writes the domains of this account.
_DOMAINS: Final = "arn:<AWS::Partition>:es:<AWS::Region>:<AWS::AccountId>:domain/"

Part = Literal["Readers", "Writers", "Operators"]
"""What a role is to the engine, by the names of the lists that its master is told."""


class SearchDomain(Construct):
    """A domain that has no address outside of its network, and the function that is its master.

    Three locks, and a caller opens all: the network, in which functions run that reach it; the
    domain's policy, which lists the roles whose signatures are taken; and OpenSearch's own access
    control, which says what each role may do. That is what the master tells it, at each deployment
    of other roles or other code, before the functions come that need it.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    name
        The domain's name within the stage.
    network
        Where it is.
    master
        The function.

    Attributes
    ----------
    endpoint
        Its address, once it is there.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        network: PrivateNetwork,
        master: Plan,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = master.stage
        self._name = self._stage.named(name)
        # By its name, not by reference: the domain's policy names the functions' roles.
        self._arn = arn("es", f"domain/{self._name}")
        self._placement = network.placement()
        self._admitted: list[Mapping[str, object]] = []
        self._parts: dict[Part, list[str]] = {"Readers": [], "Writers": [], "Operators": []}
        self._domain = self._make(network)
        self.endpoint = f"https://{self._domain.attr_domain_endpoint}"
        self._roles = self._obey(master)

    def access(self, part: Part) -> Access:
        """Return the access of a function to the engine.

        Parameters
        ----------
        part
            A reader may search, and let go of what the engine keeps for next pages; a writer may
            index documents and make indexes. What an operator may do besides, the master says.
        """
        grants = [self._grant(_WRITE)]
        if part == "Readers":
            pages = self._grant(["es:ESHttpDelete"], "_search/point_in_time")
            grants = [self._grant(_READ), pages]

        def admit(role: iam.CfnRole) -> None:
            self._admit(role, grants)
            self._parts[part].append(role.attr_arn)
            self._roles.add_property_override(part, self._parts[part])

        # A function comes once the engine knows its role.
        known = replace(self._placement, after=(*self._placement.after, self._roles))
        return Access({"SEARCH_ENDPOINT": self.endpoint}, grants, admit, known)

    def _grant(self, actions: Sequence[str], path: str = "*") -> Grant:
        return Grant(actions, [f"{self._arn}/{path}"])

    def _admit(self, role: iam.CfnRole, grants: Sequence[Grant], paths: str = "*") -> None:
        """Let the domain take a role's signatures, for what it is granted on some paths."""
        self._admitted += [one.statement(Principal={"AWS": role.attr_arn}) for one in grants]
        self._domain.access_policies = policy(self._admitted)
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::{_DOMAINS}{self._name}/{paths}]",
            "a domain's resources are the paths of its API; the domain is the service's own",
        )

    def _obey(self, plan: Plan) -> CfnResource:
        """Add the domain's master; return what tells it of the roles."""
        grants = [self._grant(["es:ESHttpPut"], _RULES)]
        environment = {"SEARCH_ENDPOINT": self.endpoint}
        access = Access(
            environment, grants, lambda role: self._admit(role, grants, _RULES), self._placement
        )
        master = Function(self, "Master", plan.reaching(access), timeout=_RULES_FOR)
        of = opensearch.CfnDomain
        self._domain.advanced_security_options = of.AdvancedSecurityOptionsInputProperty(
            enabled=True,
            # No names with passwords: roles alone.
            internal_user_database_enabled=False,
            master_user_options=of.MasterUserOptionsProperty(master_user_arn=master.role.attr_arn),
        )
        # CloudFormation invokes it as whoever deploys: no policy of its own lets it.
        return CfnResource(
            self,
            "Roles",
            type="Custom::EngineRoles",
            properties={
                "ServiceToken": master.arn,
                "ServiceTimeout": str(_ANSWERS_WITHIN),
                # So that another domain is told as well, and what other code grants.
                "Engine": self.endpoint,
                "Code": plan.bundle.code.s3_key,
            },
        )

    def _make(self, network: PrivateNetwork) -> opensearch.CfnDomain:
        of = opensearch.CfnDomain
        small = self._stage.disposable
        domain = of(
            self,
            "Domain",
            domain_name=self._name,
            engine_version=VERSION,
            cluster_config=of.ClusterConfigProperty(
                instance_type="t3.small.search" if small else "m7g.large.search",
                instance_count=1 if small else 3,
                zone_awareness_enabled=not small,
                zone_awareness_config=None
                if small
                else of.ZoneAwarenessConfigProperty(availability_zone_count=3),
                dedicated_master_enabled=not small,
                dedicated_master_count=None if small else 3,
                dedicated_master_type=None if small else "m7g.medium.search",
            ),
            ebs_options=of.EBSOptionsProperty(
                ebs_enabled=True, volume_type="gp3", volume_size=_GIB_A_NODE
            ),
            vpc_options=of.VPCOptionsProperty(
                subnet_ids=list(network.subnets), security_group_ids=[network.inside]
            ),
            encryption_at_rest_options=of.EncryptionAtRestOptionsProperty(enabled=True),
            node_to_node_encryption_options=of.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=of.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            log_publishing_options=self._slow_logs(),
        )
        keep_unless_disposable(domain, self._stage)
        domain.node.add_dependency(self._log_policy)
        acknowledge(
            domain,
            "AwsSolutions-OS3",
            "in a VPC its security group says from where it is reached: AWS takes no addresses",
        )
        if small:
            for rule in ("AwsSolutions-OS4", "AwsSolutions-OS7"):
                acknowledge(domain, rule, "one small node: the stage's index can be rebuilt")
        return domain

    def _slow_logs(self) -> dict[str, opensearch.CfnDomain.LogPublishingOptionProperty]:
        groups = {
            kind: log_group(
                self, kind.title(), stage=self._stage, name=f"/starling/{self._name}/{kind}"
            )
            for kind in ("search", "index")
        }
        arns = [group.attr_arn for group in groups.values()]
        writing = Grant(["logs:CreateLogStream", "logs:PutLogEvents"], arns)
        document = policy([writing.statement(Principal={"Service": "es.amazonaws.com"})])
        self._log_policy = logs.CfnResourcePolicy(
            self,
            "LogPolicy",
            policy_name=f"{self._name}-slow-logs",
            policy_document=Stack.of(self).to_json_string(document),
        )
        return {
            f"{kind.upper()}_SLOW_LOGS": opensearch.CfnDomain.LogPublishingOptionProperty(
                cloud_watch_logs_log_group_arn=group.attr_arn, enabled=True
            )
            for kind, group in groups.items()
        }
