"""Calls that take events."""
