"""Floor 6: the language server. The only room, with ``cli/serve``, that knows the protocol.

Layout: ``protocol`` hardens pygls; ``session`` owns the state; ``features`` has one file a message
family; ``convert`` and ``edits`` translate once between protocol types and ours. Behaviour follows
what the client declared, never an editor's name.
"""
