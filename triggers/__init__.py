"""Score changes against triggers: enrollments and skips."""
