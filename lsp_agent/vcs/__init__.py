"""Floor 2: git, read only for now.

Invariants: git never reads a repository's own settings, so that nothing they name is run (hooks,
filters, fsmonitor, external diffs, text conversion, pagers); a ``.git`` that leads to another
repository is refused; no argument of a model becomes an option.
"""
