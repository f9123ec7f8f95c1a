"""Statements on keys, people, sessions and the audit."""
