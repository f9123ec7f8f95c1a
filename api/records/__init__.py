"""Calls about contacts, deals, their scores and lists."""
