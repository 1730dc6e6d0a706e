"""Floor 3: what proves an edit: formatters, linters, tests, in a copy of the workspace.

Invariants: nothing here writes in the workspace; a check that can't be made is said, not passed.
"""
