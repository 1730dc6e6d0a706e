"""Floor 3: what a model gets to see, within a token budget.

Invariants: equal inputs give equal bytes; stable facts come first and the task last, so that the
prefix cache holds; no line is cut in two.
"""
