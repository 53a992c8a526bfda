"""The tasks of the service's state machines, and their definitions beside them."""
