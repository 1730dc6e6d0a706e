"""Floor 1: tree-sitter. Parsing, syntax errors, symbols.

Invariants: ``tree_sitter`` is imported in this room alone, when a text is first parsed; ranges are
in code points; a parser gets a time limit, and a language that outlasts it is plain text from then
on.
"""
