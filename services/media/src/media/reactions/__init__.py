"""A module per event that is reacted to."""
