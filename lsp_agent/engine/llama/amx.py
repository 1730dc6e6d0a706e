"""Whether llama.cpp was compiled so that its code for Intel's matrix unit (AMX) works.

GCC dropped most of the tile configuration as dead stores (PR target/114098), so the first product
of two quantised matrices ends the process with a signal. It is mended in GCC 11.5, 12.4, 13.3 and
14; the compiler's name stands in the library's ``.comment`` section.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path

_COMPILER = re.compile(rb"GCC: \([^)\0]*\) (\d+)\.(\d+)")
_MENDED = {11: 5, 12: 4, 13: 3}
_log = logging.getLogger(__name__)


@cache
def amx_is_broken(folder: Path) -> bool:
    """Whether this processor has AMX and the library in ``folder`` was compiled wrongly for it.

    Cost: a look at /proc/cpuinfo; where AMX is there, reading the library once (about 1 ms).
    """
    try:
        if " amx_tile" not in Path("/proc/cpuinfo").read_text("ascii", "replace"):
            return False
        libraries = [path.read_bytes() for path in folder.glob("libggml-cpu*.so*")]
    except OSError:
        return False
    broken = any(miscompiled(one) for one in libraries)
    if broken:
        # Not a warning: without a configured log it would go to a stranger's stderr.
        _log.info(
            "llama.cpp was compiled by a GCC that breaks AMX: slower code is used for it; "
            "install llama-cpp-python again with GCC 12.4, 13.3, 14 or newer"
        )
    return broken


def miscompiled(library: bytes) -> bool:
    """Whether a library names a compiler with the defect."""
    for match in _COMPILER.finditer(library):
        major, minor = int(match[1]), int(match[2])
        if major < 11 or minor < _MENDED.get(major, 0):
            return True
    return False
