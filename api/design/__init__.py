"""Calls about profiles, automations and recipients."""
