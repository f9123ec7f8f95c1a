"""Use cases: one transaction each, then wake Temporal."""
