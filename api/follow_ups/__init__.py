"""Calls about enrollments, tasks and messages."""
