"""The rules of uploads: pure, with the clock and the ids passed in."""
