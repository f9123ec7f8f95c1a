"""Pages of the wing follow_ups."""
