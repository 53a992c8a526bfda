"""A module per clock."""
