"""What the path of a file tells of it by itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testdata)/|(?:^|/)(?:test_|conftest\.)[^/]*$"
    r"|[._](?:test|spec)\.[^/]*$|[a-z0-9]Tests?\.[^/.]*$"
)
_LOCK = re.compile(r"(?:^|/)(?:[^/]*\.lock|package-lock\.json|pnpm-lock\.yaml|go\.sum)$")


def is_test(path: str) -> bool:
    """Whether a path is that of a test, by the names that languages use for them."""
    return _TEST.search(path) is not None


def is_lock(path: str) -> bool:
    """Whether a path is that of a file in which a package manager locks versions."""
    return _LOCK.search(path) is not None


def lies_in(path: str, under: str) -> bool:
    """Whether a file is the one named, or lies in the folder named; all do for ``""``."""
    folder = under.rstrip("/")
    return not folder or path == folder or path.startswith(f"{folder}/")


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a file lies in, the nearest first, the root as ``""`` last."""
    while path:
        path = posixpath.dirname(path)
        yield path
