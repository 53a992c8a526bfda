"""A module per event reacted to."""
