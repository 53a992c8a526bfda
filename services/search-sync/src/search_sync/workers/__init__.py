"""A module per consumer of a queue of the service's own."""
