"""A small service whose state machine the construct is tried on."""
