"""Automations as documents: models, YAML, templates and checks."""
