"""OpenSearch, spoken to by its own client; what searches and feeds imports it, a reaction never."""
