"""Processes, and what goes on."""
