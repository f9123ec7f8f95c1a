"""The web console: pages over the use cases, rendered here and served beside the API."""
