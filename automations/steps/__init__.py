"""The steps of automations: what each takes, says and leads to."""
