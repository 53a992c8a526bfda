"""The rules of users: pure, with the clock and the ids passed in."""
