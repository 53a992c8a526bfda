"""What every Starling function stands on.

Nothing of it is imported here: each function pays at start-up only for the modules that it uses.
"""

import gc

# Imports make hundreds of thousands of objects and drop hardly any. At the default threshold the
# collector would go through all of them, again and again, while they are being made.
gc.set_threshold(50_000, 10, 10)
