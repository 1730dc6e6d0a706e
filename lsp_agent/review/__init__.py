"""Review of what changed: findings that are anchored to the text and checked before they show.

A model says what it thinks of a hunk; what it quotes is looked for, what a tool can check is
checked, and most of the rest is dropped. Nothing here edits.
"""
