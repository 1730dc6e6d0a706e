"""Floor 6: the command line, one file a verb.

Invariants: stdout carries the result and nothing else; a verb's module is imported only when it is
used; errors and exit statuses are decided in ``main`` alone.
"""
