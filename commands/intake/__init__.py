"""Commands that take events from files."""
