"""Pages of the wing design."""
