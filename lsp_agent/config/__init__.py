"""Ground floor: settings as typed models, loaded with the source of every value, and trust.

Invariants: loading never raises for bad content, it reports problems and leaves the bad key out;
an untrusted workspace file sets harmless keys only. Imports nothing above but ``errors``.
"""
