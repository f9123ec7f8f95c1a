"""Contacts and deals: read, changed, listed, merged, erased; their scores and points by hand."""
