"""The rules of products and orders: pure, with the clock and the ids passed in."""
