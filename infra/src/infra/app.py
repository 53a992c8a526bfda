"""The CDK app: the platform's stack, and one for each service that has a ``stack.py``.

``python -m infra`` is what the CDK command line runs. Its context names the stage
(``stage``) and the stacks (``services``: names joined by commas, ``platform`` among them; all if
left out). A service's code is imported only if its stack is made.
"""

from collections.abc import Sequence
from inspect import isclass

from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App  # noqa: E402 - see above

from infra.constructs.service_stack import ServiceStack  # noqa: E402 - see above
from infra.discovery import BadDeclaration, Service, load_stack, services  # noqa: E402 - see above
from infra.platform_stack import PLATFORM, PlatformStack  # noqa: E402 - see above
from infra.stages import Stage  # noqa: E402 - see above


def build(app: App, stage: Stage, names: Sequence[str] = ()) -> None:
    """Add a stage's stacks to an app.

    Parameters
    ----------
    app
        The app.
    stage
        The stage.
    names
        The stacks to add, by service, ``platform`` among them; all if empty.
    """
    platform = PlatformStack(app, stage) if not names or PLATFORM in names else None
    wanted = [name for name in names if name != PLATFORM]
    if wanted or not names:
        for service in services(wanted):
            stack = stack_of(service)(app, service, stage)
            if platform:
                stack.add_stack_dependency(platform)


def stack_of(service: Service) -> type[ServiceStack]:
    """Return the one class of stack that a service's ``stack.py`` defines.

    Raises
    ------
    BadDeclaration
        It defines none, or several.
    """
    module = load_stack(service)
    found = [
        value
        for value in vars(module).values()
        if isclass(value)
        and issubclass(value, ServiceStack)
        and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise BadDeclaration(f"{service.name}/stack.py defines {len(found)} stacks, not one")
    return found[0]


def main() -> None:
    """Synthesise what the context names."""
    # No analytics, no tree, and no traces, which would be those of the kernel: the same code gives
    # the same templates, and faster. The templates are validated by cfn-lint and cdk-nag in the
    # tests, not again each time.
    app = App(
        analytics_reporting=False,
        stack_traces=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=False,
        # Bundles are uploaded from where they are built.
        post_cli_context={"aws:cdk:disable-asset-staging": True},
    )
    stage = Stage.of(app.node.get_context("stage"))
    names = str(app.node.try_get_context("services") or "")
    build(app, stage, [name for name in names.split(",") if name])
    app.synth()
