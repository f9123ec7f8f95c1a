"""Statements of the batch path: what is pending, what rules read, scores and their ledgers."""
