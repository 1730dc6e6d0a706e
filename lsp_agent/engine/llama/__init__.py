"""The in-process engine: llama.cpp through llama-cpp-python's low-level API.

Invariants: ``llama_cpp`` is imported in this room alone, and only when a model is loaded; one
thread owns a context and everything that touches it; what would make llama.cpp abort the process
is refused before the call (engine-facts, section 2).
"""
