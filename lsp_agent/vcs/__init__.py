"""Floor 2: git, and copies of a workspace.

Invariants: a repository is found by :func:`~lsp_agent.vcs.place.find_place` and git gets it in
:mod:`~lsp_agent.vcs.quarantine`, for reading and for writing, so that nothing of its settings runs
(hooks, filters, fsmonitor, external diffs, text conversion, pagers) and no link of it is followed
out; a ``.git`` that leads to another repository is refused; no argument of a model becomes an
option. Only a push asks the user's own settings, for ssh and credentials.
"""
