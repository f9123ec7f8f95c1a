"""Commands that give lists as files."""
