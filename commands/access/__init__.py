"""People, keys and the audit on the command line."""
