"""Calls about people, sessions, keys and the audit."""
