"""The search engine of a stage: a domain of its own on AWS, the stage's engine on a laptop."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from infra.constructs.arns import account, arn
from infra.constructs.function import Access, Grant, keep_unless_disposable, log_group, policy
from infra.constructs.reasons import acknowledge
from infra.stages import SEARCH_OPERATOR, Stage

VERSION: Final = "OpenSearch_3.5"
_GIB_A_NODE = 20
# How cdk-nag writes the domains of this account.
_DOMAINS: Final = "arn:<AWS::Partition>:es:<AWS::Region>:<AWS::AccountId>:domain/"
_MEANT: Final = {
    "AwsSolutions-OS1": "reached by signed requests of a few roles; a VPC is later work",
    "AwsSolutions-OS3": "functions outside a VPC have no addresses to list; roles are listed",
}
_READ: Final = ("es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost")
_WRITE: Final = (*_READ, "es:ESHttpDelete", "es:ESHttpPut")


class SearchEngine(Construct):
    """An OpenSearch Service domain that the service's own functions and its operator may call.

    It is reached over the network with signed requests; a VPC of its own is later work. The
    operator is a role that those of the account may take whom the account's own policies let.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        A local stage brings its engine along: then nothing is made.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._name = stage.named("search")
        # By its name, not by reference: the domain's policy names the functions' roles.
        self._arn = arn("es", f"domain/{self._name}")
        self._admitted: list[Mapping[str, object]] = []
        self._domain = None if stage.local else self._make_domain()
        address = self._domain and f"https://{self._domain.attr_domain_endpoint}"
        self.endpoint = address or stage.search_url or ""
        if self._domain is not None:
            self._admit_operator()

    def reading(self) -> Access:
        """Return the access to search, and to let go of what the engine keeps for next pages."""
        points_in_time = f"{self._arn}/_search/point_in_time"
        return self._access(_READ, Grant(("es:ESHttpDelete",), [points_in_time]))

    def writing(self) -> Access:
        """Return the access to index documents and to make indexes."""
        return self._access(_WRITE)

    def _admit_operator(self) -> None:
        """Add the role by which an index is verified, rebuilt and repaired."""
        access = self.writing()
        taking = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        statements = [grant.statement() for grant in access.grants]
        role = iam.CfnRole(
            self,
            "Operator",
            role_name=self._stage.named(SEARCH_OPERATOR),
            assume_role_policy_document=policy([{**taking, "Principal": {"AWS": account()}}]),
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy(statements))
            ],
        )
        access.admit(role)

    def _access(self, actions: tuple[str, ...], *more: Grant) -> Access:
        environment = {"SEARCH_ENDPOINT": self.endpoint}
        domain = self._domain
        if domain is None:
            return Access(environment)
        paths = f"{self._arn}/*"
        grants = [Grant(actions, [paths]), *more]

        def admit(role: iam.CfnRole) -> None:
            self._admitted += [one.statement(Principal={"AWS": role.attr_arn}) for one in grants]
            domain.access_policies = policy(self._admitted)
            acknowledge(
                role,
                f"AwsSolutions-IAM5[Resource::{_DOMAINS}{self._name}/*]",
                "a domain's resources are the paths of its API; the domain is the service's own",
            )

        return Access(environment, grants, admit)

    def _make_domain(self) -> opensearch.CfnDomain:
        stage, of = self._stage, opensearch.CfnDomain
        small = stage.disposable
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
            encryption_at_rest_options=of.EncryptionAtRestOptionsProperty(enabled=True),
            node_to_node_encryption_options=of.NodeToNodeEncryptionOptionsProperty(enabled=True),
            domain_endpoint_options=of.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            log_publishing_options=self._slow_logs(),
        )
        keep_unless_disposable(domain, stage)
        for rule, reason in _MEANT.items():
            acknowledge(domain, rule, reason)
        domain.node.add_dependency(self._log_policy)
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
