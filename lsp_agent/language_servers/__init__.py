"""Floor 2: other language servers as instruments.

A client of theirs: it shows them the text that a run sees, unsaved and proposed, and takes their
diagnostics, references, definitions and renames as plain data. Whatever such a server does, whoever
asks gets an answer in time, and a note.
"""
