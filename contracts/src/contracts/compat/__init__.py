"""Whether what one schema describes can be read with another.

The question is one of sets: does every document that the writer's schema accepts satisfy the
reader's? `compatible` is only said with a proof (`contracts.compat.subset`), `incompatible` only
with a document that shows it (`contracts.compat.witness`), put to a validator; whatever is neither
is `unknown`.
"""

from contracts.compat.comparison import MODES, Mode, check, compare
from contracts.compat.reading import BadSchema, parse
from contracts.compat.verdict import NOTHING, Difference, Verdict

__all__ = [
    "MODES",
    "NOTHING",
    "BadSchema",
    "Difference",
    "Mode",
    "Verdict",
    "check",
    "compare",
    "parse",
]
