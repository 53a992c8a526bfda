"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ENGINES = ROOT / "infra" / "engines"
SERVICES = ROOT / "services"

BUILD = ROOT / "build"
"""Build output: bundles, cloud assemblies."""

STATE = ROOT / ".starling"
"""What the local stages need and make."""

TOOLS = STATE / "tools"
STAGES = STATE / "stages"
