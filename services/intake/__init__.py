"""Events in: singly, in batches and from files; and taken back."""
