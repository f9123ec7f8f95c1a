"""What every process stands on: settings, names, the Temporal client, logs, the embedded stack."""
