"""Pages of the wing operations."""
