"""Floor 2: git, read only for now.

Invariants: nothing that a repository's own configuration names is run (hooks, fsmonitor, external
diffs, text conversion, pagers); no argument of a model becomes an option.
"""
