"""What every Starling function stands on.

Nothing of it is imported here: each function pays at start-up only for the modules that it uses.
"""

import gc

# A start makes some 70,000 objects that last and hardly any that do not. At the default threshold
# the collector would go through them, again and again, while they are being made.
gc.set_threshold(100_000, 10, 10)
