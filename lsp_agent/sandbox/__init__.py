"""Floor 2: running programs that are not trusted, with nothing to reach but what they are given.

Invariants: without a sandbox nothing runs unless the settings say so; what the machine can't give
is named; whatever was started is gone when :meth:`Sandbox.run` returns.
"""
