"""Floor 1: tree-sitter. Parsing, syntax errors, symbols.

Invariants: ``tree_sitter`` is imported in this room alone, when a text is first parsed; ranges are
in code points; a parser gets a time limit, and a text that outlasts it is plain text (a language,
when the text was small); nothing here recurses or is quadratic in a tree's depth.
"""
