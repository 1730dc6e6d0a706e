"""Floor 2: what lasts: the run journal in SQLite, and putting edits on the disk atomically.

Invariants: no protocol types; no run fails because its journal does.
"""
