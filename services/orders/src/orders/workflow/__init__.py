"""A module per task of the state machine beside them."""
