"""The same fact in another major: a module per event, for producers and consumers alike.

Casts take and return an event's data as JSON has it. They need no model, so that a consumer, which
reads a part only, may cast that part: what a cast does not know it hands through.
"""
