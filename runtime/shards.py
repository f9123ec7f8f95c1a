"""The input of shard workflows, known to whoever wakes one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShardRef:
    """A shard by its number."""

    shard: int
