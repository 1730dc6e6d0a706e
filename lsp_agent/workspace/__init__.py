r"""Floor 0: text, positions, edits, diffs, the overlay and confined paths.

Invariants: pure but for reading files; positions are ``(line, character)`` in code points, both
0-based; line ends are ``\n``, ``\r\n`` and ``\r`` only, as the protocol defines them; nothing
here writes to the disk.
"""
