"""The search-sync service: finds users and orders, by a projection of their events."""
