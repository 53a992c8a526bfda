"""The search engine of a stage: a private domain on AWS, the stage's engine on a laptop."""

from typing import Final

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.arns import account
from infra.constructs.function import Access, Bundle, Function, Grant, Plan, policy
from infra.constructs.private_network import PrivateNetwork
from infra.constructs.search_domain import Part, SearchDomain
from infra.stages import SEARCH_OPERATOR, Stage

# What functions beside the engine call: the queue of what it did not take, the key of cursors.
_SERVICES: Final = ("sqs", "secretsmanager")
_RELAYS_FOR: Final = 70  # seconds; it gives the engine 60
_RELAYS_WITH: Final = 1024  # MB: 6 MB of a request, 6 of an answer, and both unpacked


class SearchEngine(Construct):
    """A search engine that the service's own functions and its operator may call.

    On AWS it is in a private network, and so are the functions that reach it; a local stage brings
    its engine along, and nothing is made. The operator is a role that those of the account may
    take whom the account's own policies let. It may invoke one function, which passes requests on.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        The stage.
    bundle
        The service's code: it has the two functions that are made on AWS.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, bundle: Bundle
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain = None if stage.local else self._private(stage, bundle)
        self._endpoint = self._domain.endpoint if self._domain else stage.search_url or ""
        CfnOutput(scope, "SearchEndpoint", value=self._endpoint)
        if self._domain:
            plan = _plan(stage, bundle, "relay-requests").reaching(self._access("Operators"))
            relay = Function(self, "Relay", plan, timeout=_RELAYS_FOR, memory=_RELAYS_WITH)
            self._operator(stage.named(SEARCH_OPERATOR), relay)
            CfnOutput(scope, "SearchRelay", value=relay.ref)

    def reading(self) -> Access:
        """Return the access to search, and to let go of what the engine keeps for next pages."""
        return self._access("Readers")

    def writing(self) -> Access:
        """Return the access to index documents and to make indexes."""
        return self._access("Writers")

    def _access(self, part: Part) -> Access:
        if self._domain:
            return self._domain.access(part)
        return Access({"SEARCH_ENDPOINT": self._endpoint})

    def _private(self, stage: Stage, bundle: Bundle) -> SearchDomain:
        network = PrivateNetwork(
            self, "Network", stage=stage, name=bundle.service, services=_SERVICES
        )
        master = _plan(stage, bundle, "admit-roles")
        return SearchDomain(self, "Domain", name="index", network=network, master=master)

    def _operator(self, name: str, relay: Function) -> None:
        """Add the role by which an index is verified, rebuilt and repaired."""
        taking = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account()}}
        invoking = Grant(["lambda:InvokeFunction"], [relay.arn])
        access = iam.CfnRole.PolicyProperty(
            policy_name="access", policy_document=policy([invoking.statement()])
        )
        iam.CfnRole(
            self,
            "Operator",
            role_name=name,
            assume_role_policy_document=policy([taking]),
            policies=[access],
        )


def _plan(stage: Stage, bundle: Bundle, name: str) -> Plan:
    module = name.replace("-", "_")
    package = bundle.service.replace("-", "_")
    return Plan(stage, bundle, name, f"{package}.operations.{module}.handler")
