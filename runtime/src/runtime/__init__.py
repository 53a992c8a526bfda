"""What every Starling function stands on.

Nothing is imported here: each function pays at start-up only for the modules that it uses.
"""
