"""Floor 3: what a model may do. One file a family; found by the entry point ``lsp_agent.tools``.

Invariants: names and arguments are public (contract section 6); files are read and edited through
the overlay only; no protocol types, no concrete engine.
"""
