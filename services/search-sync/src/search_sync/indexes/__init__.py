"""Definitions of the index, a file per version: a released one never changes again."""
