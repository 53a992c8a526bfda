"""The tasks of its state machines."""
