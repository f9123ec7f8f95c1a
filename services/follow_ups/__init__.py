"""Follow-ups and what they made: listed, enrolled by hand, repaired, held back, counted."""
