"""Changes of code that are found by rule: pure functions of texts to edits.

What is not sure is refused with the reason, never guessed silently.
"""
