"""Real engines, a search engine and a model that reads: what no stand-in for them can prove."""
