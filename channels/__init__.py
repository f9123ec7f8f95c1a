"""All outbound calls: e-mail and webhooks."""
