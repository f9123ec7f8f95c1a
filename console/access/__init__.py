"""Pages about people, sessions, keys and the audit, and the installation itself."""
