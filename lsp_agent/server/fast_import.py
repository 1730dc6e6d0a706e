"""Importing lsprotocol in half the time.

attrs generates and compiles methods for 570 classes at every start: 100 to 150 ms of ``compile``.
The code objects are kept in a file of the user's own cache folder, as Python keeps ``.pyc`` files;
without it, or with a stale one, everything is compiled as usual.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import marshal
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

_MAX_BYTES = 32 * 1024 * 1024


@contextlib.contextmanager
def fast_import(folder: Path) -> Iterator[None]:
    """Speed up the imports made inside; ``folder`` holds the cache and may not exist yet."""
    import attr._make as attrs_make

    path = folder / f"{_cache_key()}.marshal"
    known = _load(path)
    fresh: dict[bytes, CodeType] = {}

    def compile_(source: str, filename: str, mode: str, *rest: Any) -> Any:
        key = hashlib.blake2b(f"{filename}\0{source}".encode(), digest_size=16).digest()
        code = known.get(key) or fresh.get(key)
        if code is None:
            code = fresh[key] = compile(source, filename, mode, *rest)
        return code

    namespace: dict[str, Any] = vars(attrs_make)
    collecting = gc.isenabled()
    # The imports make a million objects and no garbage.
    gc.disable()
    namespace["compile"] = compile_
    try:
        yield
    finally:
        namespace.pop("compile", None)
        gc.freeze()
        if collecting:
            gc.enable()
    if len(fresh) > 20:
        _save(path, {**known, **fresh})


def _cache_key() -> str:
    parts = [sys.version, version("attrs"), version("lsprotocol")]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def _load(path: Path) -> dict[bytes, CodeType]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        value = marshal.loads(path.read_bytes())  # noqa: S302 - our own file, as a .pyc is
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return value if isinstance(value, dict) else {}


def _save(path: Path, codes: dict[bytes, CodeType]) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(marshal.dumps(codes))
        Path(file.name).replace(path)
