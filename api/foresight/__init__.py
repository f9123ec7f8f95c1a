"""Routes of foresight."""
