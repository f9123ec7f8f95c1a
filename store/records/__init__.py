"""Statements about contacts and deals."""
