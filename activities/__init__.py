"""What Temporal calls: thin, and safe to run twice."""
