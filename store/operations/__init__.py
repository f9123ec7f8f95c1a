"""Statements about the installation."""
