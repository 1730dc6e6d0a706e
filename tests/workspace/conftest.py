"""Settings of the property tests in this room."""

from __future__ import annotations

from hypothesis import settings

# A shared machine may stall any example; pytest's own timeout ends what really hangs.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
