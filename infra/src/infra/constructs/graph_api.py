"""A GraphQL API on AppSync, read only, in front of a service's own table and of its resolvers."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from aws_cdk import aws_appsync as appsync
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import account, arn, region
from infra.constructs.function import (
    Function,
    Grant,
    log_group,
    policy,
)
from infra.constructs.gateway import FAILURES, PERIOD
from infra.constructs.reasons import acknowledge
from infra.constructs.table import ServiceTable
from infra.constructs.watching import LATENCY, REFUSED, REQUESTS, show, watched
from infra.discovery import titled
from infra.stages import Stage

DEEPEST: Final = 10
"""So many levels a query may have: an order's customer's orders with their pictures are 8."""

MOST_RESOLVERS: Final = 500
"""So many resolvers a query may call: a page of 100 orders with customers and pictures are 400."""

_IMPORT: Final = re.compile(r"import .* from '[.]/(?P<file>[a-z]+[.]js)';")
_UTILITIES: Final = "import { runtime, util } from '@aws-appsync/utils';\n"
_NAMESPACE: Final = "AWS/AppSync"
_DIMENSION: Final = "GraphQLAPIId"


class Field(NamedTuple):
    """A field of the schema that a resolver answers, like ``Query.order``."""

    type: str
    name: str

    @property
    def words(self) -> str:
        """Its name with hyphens, like ``query-order``: a function's, if one answers it."""
        return f"{self.type}-{self.name}".lower()


def resolvers(folder: Path) -> dict[Field, str]:
    """Return the code of each field's resolver: a file alone, as AppSync takes it.

    Parameters
    ----------
    folder
        Has a file ``Type.field.js`` for each, and what they import.
    """
    return {
        Field(*file.stem.split(".")): _UTILITIES + _module(file, set())
        for file in sorted(folder.glob("*.*.js"))
    }


class GraphApi(Construct):
    """A GraphQL API whose callers are the stage's users, each in their own tenant.

    Each resolver takes the tenant from the token's claims: no API key is taken, and no role.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, service
        Which name it.
    folder
        The schema, ``schema.graphql``, and the folder ``resolvers``.
    table
        What resolvers read, but for those that a function answers.
    functions
        These, by their fields' `words`.
    user_pool, client
        Ids of the pool that issues the tokens, and of the client that they are for.

    Raises
    ------
    LookupError
        A function answers no field.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        service: str,
        folder: Path,
        table: ServiceTable,
        functions: Mapping[str, Function],
        user_pool: str,
        client: str,
    ) -> None:
        super().__init__(scope, construct_id)
        of = appsync.CfnGraphQLApi
        api = of(
            self,
            "Api",
            name=stage.named(service),
            authentication_type="AMAZON_COGNITO_USER_POOLS",
            user_pool_config=of.UserPoolConfigProperty(
                user_pool_id=user_pool,
                aws_region=region(),
                default_action="ALLOW",
                app_id_client_regex=client,
            ),
            query_depth_limit=DEEPEST,
            resolver_count_limit=MOST_RESOLVERS,
            xray_enabled=True,
            log_config=of.LogConfigProperty(
                cloud_watch_logs_role_arn=self._logging().attr_arn,
                # What failed, without arguments and results: they are somebody's.
                field_log_level="ERROR",
                exclude_verbose_content=True,
            ),
        )
        acknowledge(
            api,
            "AwsSolutions-ASC3",
            "errors are logged; what is asked and answered is personal, and never goes into a log",
        )
        self.id = api.attr_api_id
        self.url = api.attr_graph_ql_url
        log_group(self, "Logs", stage=stage, name=f"/aws/appsync/apis/{self.id}")
        schema = appsync.CfnGraphQLSchema(
            self,
            "Schema",
            api_id=self.id,
            definition=(folder / "schema.graphql").read_text(encoding="utf-8"),
        )
        self._seen(stage, service)
        code = resolvers(folder / "resolvers")
        if unknown := functions.keys() - {field.words for field in code}:
            raise LookupError(f"{service}'s graph has no field for {sorted(unknown)}")
        rows = self._rows(table)
        for field, text in code.items():
            function = functions.get(field.words)
            source = self._function(field, function) if function else rows
            resolver = appsync.CfnResolver(
                self,
                f"{field.type}{titled(field.name)}",
                api_id=self.id,
                type_name=field.type,
                field_name=field.name,
                kind="UNIT",
                data_source_name=source.attr_name,
                runtime=appsync.CfnResolver.AppSyncRuntimeProperty(
                    name="APPSYNC_JS", runtime_version="1.0.0"
                ),
                code=text,
            )
            resolver.add_resource_dependency(schema)

    def _rows(self, table: ServiceTable) -> appsync.CfnDataSource:
        reading = table.reading()
        (grant,) = reading.grants
        of = appsync.CfnDataSource
        return of(
            self,
            "Rows",
            api_id=self.id,
            name="rows",
            type="AMAZON_DYNAMODB",
            service_role_arn=self._role(
                "Reading", [Grant(["dynamodb:GetItem", "dynamodb:Query"], grant.resources)]
            ).attr_arn,
            dynamo_db_config=of.DynamoDBConfigProperty(
                table_name=reading.environment["TABLE_NAME"], aws_region=region()
            ),
        )

    def _function(self, field: Field, function: Function) -> appsync.CfnDataSource:
        title = titled(field.words)
        of = appsync.CfnDataSource
        return of(
            self,
            f"{title}Function",
            api_id=self.id,
            name=field.words.replace("-", "_"),
            type="AWS_LAMBDA",
            # AppSync calls functions by a role alone: their own policies do not count here.
            service_role_arn=self._role(
                f"{title}Calling", [Grant(["lambda:InvokeFunction"], [function.arn])]
            ).attr_arn,
            lambda_config=of.LambdaConfigProperty(lambda_function_arn=function.arn),
        )

    def _logging(self) -> iam.CfnRole:
        # By a pattern: the group's name has the API's id, which is there after the role.
        groups = arn("logs", "log-group:/aws/appsync/apis/*")
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        role = self._role("Logging", [Grant(actions, [groups])])
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:"
            "log-group:/aws/appsync/apis/*]",
            "AppSync alone takes the role, and writes there as each API's id says",
        )
        return role

    def _role(self, name: str, grants: Sequence[Grant]) -> iam.CfnRole:
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "appsync.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": account()}},
        }
        access = iam.CfnRole.PolicyProperty(
            policy_name="access", policy_document=policy([grant.statement() for grant in grants])
        )
        return iam.CfnRole(
            self, name, assume_role_policy_document=policy([trust]), policies=[access]
        )

    def _seen(self, stage: Stage, service: str) -> None:
        alarm(
            self,
            "Failing",
            stage=stage,
            name=f"{service}-graph-5xx",
            description=f"{FAILURES} queries of {service}'s graph within {PERIOD // 60} minutes "
            "got a 5xx.",
            namespace=_NAMESPACE,
            metric="5XXError",
            dimensions={_DIMENSION: self.id},
            statistic="Sum",
            threshold=FAILURES,
            period=PERIOD,
        )
        if seen := watched():
            seen.references["Graph"] = self.id
        shown = {
            REQUESTS: {"Requests": "graph requests"},
            REFUSED: {"4XXError": "graph 4xx", "5XXError": "graph 5xx"},
            LATENCY: {"Latency": "graph p95"},
        }
        for graph, metrics in shown.items():
            show(graph, _NAMESPACE, _DIMENSION, "${Graph}", metrics, called="")


def _module(file: Path, known: set[Path]) -> str:
    """Return a module after what it imports of its folder, each once, and without comments."""
    known.add(file)
    before, own = "", ""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if imported := _IMPORT.match(line):
            other = file.parent / imported["file"]
            before += "" if other in known else _module(other, known).replace("\nexport ", "\n")
        elif line.strip() and not line.lstrip().startswith(("//", "import ")):
            own += line
    return f"{before}\n{own}"
