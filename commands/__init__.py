"""The commands of `kindling`, one module for each group."""
