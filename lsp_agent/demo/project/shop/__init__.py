"""A till for a small coffee shop."""
