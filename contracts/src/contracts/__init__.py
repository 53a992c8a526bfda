"""What crosses a service boundary: events, their versions and schemas.

Nothing is imported here: a function pays at start-up only for the modules that it names.
"""
