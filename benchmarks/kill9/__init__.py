"""Kills lsp-agent at random and at chosen points, and sees what the next start makes of it."""
