"""Floor 4: the run. Plan, act, observe, verify; events out.

Invariants: no protocol types, no concrete engine, no disk: all reading and editing goes through
the overlay, and a run's edits leave it as plain changes.
"""
