"""Scoring: events in, ledger entries and a score out. Pure functions; the time is an argument."""
