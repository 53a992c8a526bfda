"""`python -m emulator [--check]`: apply the corrections; then serve, unless only checked."""

import sys

from . import archives, functions, gateway, graph, starting, workflows
from .private import MovedError, find

CORRECTIONS = [
    correction
    for module in (functions, starting, gateway, archives, workflows, graph)
    for correction in module.CORRECTIONS
]

for correction in CORRECTIONS:
    try:
        correction()
    except (MovedError, ImportError) as error:
        sys.exit(f"the emulator's correction {correction.__name__!r} no longer fits: {error}")
# This folder was only on the path so that `-m` finds the package.
sys.path.pop(0)
if sys.argv[1:] != ["--check"]:
    find("ministack.app", "main")()
