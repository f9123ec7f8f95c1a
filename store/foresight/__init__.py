"""Statements about what was recorded, for looking back."""
