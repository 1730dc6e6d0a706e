"""What runs between us and a program that is not trusted, in a small process of its own (Linux).

It is started as ``python -I -S -E -c BOOT folder fd``: no site, nothing of the user's environment,
only the few modules of the standard library that import in a millisecond or two, and nothing else
of lsp-agent. The order comes marshalled through an inherited descriptor, so that neither arguments
nor environment show it; ``main.py`` says what it holds.
"""
