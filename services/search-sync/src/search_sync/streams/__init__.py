"""A module per consumer of the table's stream."""
