"""Floor 2: tokens in, tokens out.

Invariants: knows nothing of code or editors; imports nothing of ours but ``config``, ``errors`` and
``cancel``; a concrete engine is imported only by the factory that makes it; every wait ends when
the request's :class:`~lsp_agent.cancel.CancelToken` is cancelled.
"""
