"""All outbound calls: e-mail."""
