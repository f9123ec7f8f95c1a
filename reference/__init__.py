"""Fills the generated sections of the documentation from the code; `make docs` runs it."""
