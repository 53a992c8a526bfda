"""Event patterns, judged by AWS's own engine: does one match, why not, could it ever.

`contracts.patterns.ruler` is the engine and what the service adds to it; every other module asks it
and never decides by itself whether a value matches.
"""
