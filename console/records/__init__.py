"""Pages of the wing records."""
