"""Follow-ups tried on a copy of their record, by the very functions that carry them out."""
