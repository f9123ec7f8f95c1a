"""Scores: folded, saved, looked ahead and back."""
