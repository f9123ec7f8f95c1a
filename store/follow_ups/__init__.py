"""Statements about enrollments, their steps, waits and messages."""
