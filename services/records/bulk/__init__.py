"""Many contacts or deals in one call."""
