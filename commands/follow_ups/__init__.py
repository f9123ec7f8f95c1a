"""Commands about automations and their follow-ups."""
