"""A service's one table."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.function import Access, Grant, keep_unless_disposable
from infra.constructs.reasons import LIST_STREAMS, acknowledge
from infra.stages import Stage

INDEXES = ("gsi1", "gsi2")
# What an entry of an index carries besides the keys: enough to answer a list without a
# second read.
_PROJECTED = ["data", "revision"]
_STRING = "S"


class ServiceTable(Construct):
    """A single-design table: on demand, encrypted, recoverable to any second, with a stream.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage
        The stage: outside disposable ones the table is kept and protected from deletion.
    service
        The service, which names the table.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, service: str) -> None:
        super().__init__(scope, construct_id)
        keys = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]
        table = dynamodb.CfnTable(
            self,
            "Table",
            table_name=stage.named(service),
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(
                    attribute_name=key, attribute_type=_STRING
                )
                for key in keys
            ],
            key_schema=_keys("pk", "sk"),
            global_secondary_indexes=[
                dynamodb.CfnTable.GlobalSecondaryIndexProperty(
                    index_name=index,
                    key_schema=_keys(f"{index}pk", f"{index}sk"),
                    projection=dynamodb.CfnTable.ProjectionProperty(
                        projection_type="INCLUDE", non_key_attributes=_PROJECTED
                    ),
                )
                for index in INDEXES
            ],
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(sse_enabled=True),
            point_in_time_recovery_specification=(
                dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                    point_in_time_recovery_enabled=True
                )
            ),
            stream_specification=dynamodb.CfnTable.StreamSpecificationProperty(
                stream_view_type="NEW_AND_OLD_IMAGES"
            ),
            time_to_live_specification=dynamodb.CfnTable.TimeToLiveSpecificationProperty(
                attribute_name="expires_at", enabled=True
            ),
            deletion_protection_enabled=not stage.disposable,
        )
        keep_unless_disposable(table, stage)
        self._name = table.ref
        self._arn = table.attr_arn
        self.stream_arn = table.attr_stream_arn

    def reading(self) -> Access:
        """Return the access to read items by their keys and to query, indexes included."""
        indexes = [f"{self._arn}/index/{index}" for index in INDEXES]
        return self._access(
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], [self._arn, *indexes]
        )

    def writing(self) -> Access:
        """Return the access to change items as the runtime does; its parts grant a transaction."""
        return self._access(
            ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"],
            [self._arn],
        )

    def updating(self) -> Access:
        """Return the access to change attributes of an item, which the runtime never does."""
        return self._access(["dynamodb:UpdateItem"], [self._arn])

    def following(self) -> Access:
        """Return the access of a consumer of the table's stream."""
        grants = [
            Grant(
                ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                [self.stream_arn],
            ),
            Grant(["dynamodb:ListStreams"], ["*"]),
        ]
        return Access({}, grants, _say_why)

    def _access(self, actions: Sequence[str], resources: Sequence[str]) -> Access:
        return Access({"TABLE_NAME": self._name}, [Grant(actions, resources)])


def _say_why(role: iam.CfnRole) -> None:
    acknowledge(role, "AwsSolutions-IAM5[Resource::*]", LIST_STREAMS)


def _keys(partition: str, sort: str) -> list[dynamodb.CfnTable.KeySchemaProperty]:
    return [
        dynamodb.CfnTable.KeySchemaProperty(attribute_name=partition, key_type="HASH"),
        dynamodb.CfnTable.KeySchemaProperty(attribute_name=sort, key_type="RANGE"),
    ]
