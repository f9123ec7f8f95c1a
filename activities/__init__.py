"""Activities: load, decide with the pure core, save; safe to run twice."""
