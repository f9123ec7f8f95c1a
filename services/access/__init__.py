"""Who may do what: people, sessions, keys, and the audit of what they did."""
