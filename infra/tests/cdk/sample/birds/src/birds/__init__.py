"""A small service that the constructs are tried on."""
