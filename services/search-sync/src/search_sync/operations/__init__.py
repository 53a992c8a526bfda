"""Functions on AWS that keep and reach the private engine: no part of what the service does."""
