"""Who is enrolled: matches, guards, facts that filters read."""
