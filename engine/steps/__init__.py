"""What follow-ups do: steps, waits, and how far they can go."""
