"""The code index: files, symbols, references, imports and text of a workspace, in SQLite.

Nothing in it can't be made again: whatever is wrong with the database, it is rebuilt.
"""
