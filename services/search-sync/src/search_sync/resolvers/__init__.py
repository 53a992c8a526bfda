"""A module per field of the graph that a function answers: all others are read from the table."""
