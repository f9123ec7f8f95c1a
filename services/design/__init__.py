"""Definitions: saved, planned, published, rolled back."""
