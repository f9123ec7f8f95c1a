"""Statements about definitions and their publishes."""
