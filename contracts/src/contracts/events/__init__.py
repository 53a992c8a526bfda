"""The payloads of all events, a module per publishing service. Consumers import none of them."""
