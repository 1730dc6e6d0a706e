"""Importing lsprotocol in half the time.

attrs generates and compiles methods for 570 classes at every start: 100 to 150 ms of ``compile``.
The code objects are kept beside this module's own ``.pyc``, or in the user's cache folder where
that may not be written; without them, or with stale ones, everything is compiled as usual.

``python -m lsp_agent.server.fast_import`` makes the file, so that the first start has it too.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import marshal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Any

_MAX_BYTES = 32 * 1024 * 1024


@contextlib.contextmanager
def fast_import(folder: Path) -> Iterator[None]:
    """Speed up the imports made inside; ``folder`` is the user's cache, which need not exist."""
    import attr._make as attrs_make

    name = f"attrs-{_cache_key()}.marshal"
    places = [Path(cache_from_source(__file__)).parent / name, folder / name]
    known = _load(places[0]) or _load(places[1])
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
        if sys.dont_write_bytecode:
            del places[0]
        # In a thread: the client waits for its first answer.
        codes = {**known, **fresh}
        threading.Thread(target=_save, args=(places, codes), name="attrs-cache").start()


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


def _save(places: Sequence[Path], codes: dict[bytes, CodeType]) -> None:
    """Write to the first place that takes it, whole or not at all."""
    data = marshal.dumps(codes)
    for path in places:
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
            Path(file.name).replace(path)
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, fast_import(Path(scratch)):
        import pygls.lsp.server  # noqa: F401 - imported for its code objects
