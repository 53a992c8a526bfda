"""A module per event that is reacted to: the projection follows it."""
