"""Search against a real OpenSearch: what no stand-in for it can prove."""
