"""What would happen and why it did: previews, backtests, impact, reasons."""
