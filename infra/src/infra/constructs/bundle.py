"""Bundles as a stack uses them: assets of two zips."""

from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.constructs.function import Bundle


def make_bundle(scope: Construct, service: str, *, code: Path, layer: Path) -> Bundle:
    """Return the bundle that a service's functions share.

    Parameters
    ----------
    scope
        The stack.
    service
        The service's name.
    code, layer
        The zips.
    """
    own, dependencies = _asset(scope, "Code", code), _asset(scope, "Dependencies", layer)
    version = lambda_.CfnLayerVersion(
        scope,
        "Layer",
        content=lambda_.CfnLayerVersion.ContentProperty(
            s3_bucket=dependencies.s3_bucket_name, s3_key=dependencies.s3_object_key
        ),
        compatible_architectures=["arm64"],
        compatible_runtimes=["python3.13"],
        description=f"Dependencies of {service}",
    )
    where = lambda_.CfnFunction.CodeProperty(s3_bucket=own.s3_bucket_name, s3_key=own.s3_object_key)
    return Bundle(service, where, version.ref)


def _asset(scope: Construct, construct_id: str, path: Path) -> assets.Asset:
    # The zip's name is a hash of all that it is made from.
    return assets.Asset(
        scope,
        construct_id,
        path=str(path),
        asset_hash=path.stem,
        asset_hash_type=AssetHashType.CUSTOM,
    )
