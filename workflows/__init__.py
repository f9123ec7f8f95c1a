"""Workflows: order, timers and retries. Ids only; no rules, no I/O."""
