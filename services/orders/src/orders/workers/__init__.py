"""A module per queue of the service's own."""
