"""A module per endpoint."""
