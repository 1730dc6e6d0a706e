"""Our engine against ``llama-server`` of the very llama.cpp that llama-cpp-python ships.

See :mod:`benchmarks.llama_server.__main__` for how to run it.
"""
