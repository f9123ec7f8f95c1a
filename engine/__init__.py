"""Load, decide with the pure core, save: batches of a shard, enrollments, and the steps of follow-ups."""
