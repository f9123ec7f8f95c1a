"""What would happen, and why something did or did not."""
