"""Statements about events: stored, read, taken back."""
