"""Calls about the installation."""
