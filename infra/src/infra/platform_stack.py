"""The platform's stack: what the services of a stage share."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra import bundling
from infra.constructs.alarm import topic_name
from infra.constructs.arns import account, arn
from infra.constructs.bundle import make_bundle
from infra.constructs.function import Access, Function, Plan
from infra.constructs.reasons import acknowledge
from infra.discovery import titled
from infra.stages import Stage

PLATFORM = "platform"
GROUPS = ("admin", "member")


class PlatformStack(Stack):
    """The bus and its archive, the user pool, the authorizer, and the parameters that name them.

    Parameters
    ----------
    scope
        The app.
    stage
        Where it goes.
    """

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(
            scope,
            stage.named(PLATFORM),
            stack_name=stage.named(PLATFORM),
            description=f"Starling: what the services of stage {stage.name} share",
        )
        self.stage = stage
        self._alarm_topic()
        bus = self._bus()
        pool, client = self._pool()
        issuer = f"https://{pool.attr_provider_name}"
        # The emulator's tokens name AWS as their issuer; their keys are the emulator's.
        keys_at = f"{stage.emulator_url}/{pool.ref}" if stage.local else issuer
        jwks_url = f"{keys_at}/.well-known/jwks.json"
        authorizer = self._authorizer(issuer, client.ref, jwks_url)
        self._gateway_logs()
        shared = {
            "bus-name": bus.ref,
            "bus-arn": bus.attr_arn,
            "user-pool-id": pool.ref,
            "user-pool-client-id": client.ref,
            "issuer": issuer,
            "jwks-url": jwks_url,
            "authorizer-arn": authorizer.arn,
        }
        for name, value in shared.items():
            title = titled(name)
            ssm.CfnParameter(
                self, f"{title}Parameter", type="String", name=stage.parameter(name), value=value
            )
            CfnOutput(self, title, value=value)

    def _alarm_topic(self) -> None:
        topic = sns.Topic(self, "Alarms", topic_name=topic_name(self.stage), enforce_ssl=True)
        # The topic's own policy replaces the default one, so the alarms have to be let in.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": account()}},
            )
        )

    def _bus(self) -> events.CfnEventBus:
        bus = events.CfnEventBus(
            self, "Bus", name=self.stage.named(), description="Events between the services"
        )
        events.CfnArchive(
            self,
            "Archive",
            archive_name=self.stage.named("archive"),
            source_arn=bus.attr_arn,
            retention_days=self.stage.archive_days,
        )
        return bus

    def _pool(self) -> tuple[cognito.CfnUserPool, cognito.CfnUserPoolClient]:
        pool = cognito.CfnUserPool(
            self,
            "Pool",
            user_pool_name=self.stage.named(),
            deletion_protection="INACTIVE" if self.stage.disposable else "ACTIVE",
            admin_create_user_config=cognito.CfnUserPool.AdminCreateUserConfigProperty(
                allow_admin_create_user_only=True
            ),
            policies=cognito.CfnUserPool.PoliciesProperty(
                password_policy=cognito.CfnUserPool.PasswordPolicyProperty(
                    minimum_length=12,
                    require_lowercase=True,
                    require_uppercase=True,
                    require_numbers=True,
                    require_symbols=True,
                )
            ),
            account_recovery_setting=cognito.CfnUserPool.AccountRecoverySettingProperty(
                recovery_mechanisms=[
                    cognito.CfnUserPool.RecoveryOptionProperty(name="admin_only", priority=1)
                ]
            ),
            schema=[
                # Whose user it is: set when the user is made, changed by nobody after.
                cognito.CfnUserPool.SchemaAttributeProperty(
                    name="tenant",
                    attribute_data_type="String",
                    mutable=False,
                    string_attribute_constraints=(
                        cognito.CfnUserPool.StringAttributeConstraintsProperty(
                            min_length="1", max_length="63"
                        )
                    ),
                )
            ],
        )
        pool.apply_removal_policy(
            RemovalPolicy.DESTROY if self.stage.disposable else RemovalPolicy.RETAIN
        )
        acknowledge(
            pool, "AwsSolutions-COG2", "accounts are made by administrators for API clients"
        )
        acknowledge(
            pool,
            "AwsSolutions-COG8",
            "threat protection belongs to a paid plan; no sign-up is open",
        )
        client = cognito.CfnUserPoolClient(
            self,
            "Client",
            user_pool_id=pool.ref,
            client_name="api",
            # Signing in takes AWS credentials as well: no password is tried from outside.
            explicit_auth_flows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            id_token_validity=60,
            access_token_validity=60,
            refresh_token_validity=1,
            token_validity_units=cognito.CfnUserPoolClient.TokenValidityUnitsProperty(
                id_token="minutes",  # noqa: S106 - a unit of time
                access_token="minutes",  # noqa: S106 - a unit of time
                refresh_token="days",  # noqa: S106 - a unit of time
            ),
        )
        for group in GROUPS:
            cognito.CfnUserPoolGroup(
                self, f"{group.title()}s", user_pool_id=pool.ref, group_name=group
            )
        return pool, client

    def _authorizer(self, issuer: str, audience: str, jwks_url: str) -> Function:
        target = bundling.Target.of(self.stage)
        bundle = make_bundle(
            self,
            PLATFORM,
            code=bundling.authorizer_code(target),
            layer=bundling.authorizer_layer(target),
        )
        settings = {
            "ISSUER": issuer,
            "AUDIENCE": audience,
            "JWKS_URL": jwks_url,
            "TOKEN_USE": "id",
        }
        plan = Plan(
            self.stage, bundle, "authorizer", "runtime.authorizer.handler", (Access(settings),)
        )
        authorizer = Function(self, "Authorizer", plan)
        # Every REST API of the account may ask it: it gives away only whose token that is.
        apis = arn("execute-api", "*/authorizers/*")
        authorizer.allow("Apis", "apigateway.amazonaws.com", apis)
        return authorizer

    def _gateway_logs(self) -> None:
        """Let API Gateway write logs: one setting for the account, the same from every stage."""
        role = iam.Role(
            self,
            "GatewayLogs",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
                )
            ],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        policy = (
            "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        )
        acknowledge(
            role,
            f"AwsSolutions-IAM4[Policy::{policy}]",
            "API Gateway asks for this very policy when its account setting is made",
        )
        setting = apigateway.CfnAccount(self, "GatewayAccount", cloud_watch_role_arn=role.role_arn)
        # Another stage of the account goes on needing it when this one is gone.
        setting.apply_removal_policy(RemovalPolicy.RETAIN)
