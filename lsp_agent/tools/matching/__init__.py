"""Where a model's old text stands in a file, from exactly to nearly, and its new text fitted there.

Nothing here guesses: what fits in two ways, or would change a line that the model had wrong, is
refused. Pure functions of texts; the grades and their order are in :mod:`.ladder`.
"""
