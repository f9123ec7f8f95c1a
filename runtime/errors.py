"""Errors whose text is meant for people."""


class ReadableError(Exception):
    """Names the thing, the mistake and the remedy; commands show it without a traceback and exit with 1."""
