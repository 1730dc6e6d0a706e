"""Floor 5: the catalogue. One file an action; found by the entry point ``lsp_agent.actions``.

Invariants: an action is listed without inference; it knows no protocol types; its example is its
documentation and its test.
"""
