"""The stable beginnings of prompts on disk: system message and tools, evaluated once for good.

llama.cpp's state files are bound to no model, so a file's name is a digest of the model's file, the
memory's format and the tokens. Loading 2,000 tokens of a 0.5 B model takes 3 ms, evaluating them
6 s.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from array import array
from pathlib import Path

from lsp_agent.engine.llama.context import Context
from lsp_agent.engine.llama.prompt import Prompt
from lsp_agent.engine.llama.slots import Slot, SlotCache

_LEAST_TOKENS = 256
_MOST_BYTES, _MOST_BYTES_EACH = 1 << 30, 256 << 20
_log = logging.getLogger(__name__)


class PrefixStore:
    """Saved prefixes of one model; ``folder`` ``None`` keeps none.

    A disk that is full or can't be written costs a line in the log, nothing else.
    """

    def __init__(self, folder: Path | None, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._known: set[str] = set()

    def lacks(self, prompt: Prompt) -> bool:
        """Whether a prompt's stable part is worth writing and not written yet."""
        if self._folder is None or prompt.stable < _LEAST_TOKENS:
            return False
        name = self._name(prompt)
        return name not in self._known and not (self._folder / name).exists()

    def read(self, context: Context, slots: SlotCache, prompt: Prompt) -> None:
        """Bring a prompt's stable part into memory, if it is on disk and nothing longer there."""
        if self._folder is None or prompt.stable < _LEAST_TOKENS:
            return
        path = self._folder / self._name(prompt)
        if slots.best(prompt.tokens) >= prompt.stable or not path.exists():
            return
        slot = slots.vacant()
        if slot is not None and context.load_file(slot.seq, path, prompt.tokens[: prompt.stable]):
            slots.checkpoint(slot)
            os.utime(path)

    def write(self, context: Context, slot: Slot, prompt: Prompt) -> None:
        """Write a slot that holds just a prompt's stable part, whole or not at all."""
        folder = self._folder
        if folder is None or not self.lacks(prompt):
            return
        # Once is enough also where it fails.
        self._known.add(self._name(prompt))
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".prefix-")
            os.close(handle)
            scratch = Path(name)
            try:
                if context.save_file(slot.seq, scratch) and _make_room(folder, scratch):
                    scratch.replace(folder / self._name(prompt))
            finally:
                scratch.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("a prompt's beginning could not be saved: %s", error)

    def _name(self, prompt: Prompt) -> str:
        digest = hashlib.sha256(self._fingerprint.encode())
        digest.update(array("i", prompt.tokens[: prompt.stable]).tobytes())
        return f"{digest.hexdigest()[:32]}.state"


def _make_room(folder: Path, scratch: Path) -> bool:
    """Remove the files that were not used for longest; ``False`` for one that is too large."""
    size = scratch.stat().st_size
    if size > _MOST_BYTES_EACH:
        return False
    old = sorted(folder.glob("*.state"), key=lambda path: path.stat().st_mtime)
    total = size + sum(path.stat().st_size for path in old)
    for path in old:
        if total <= _MOST_BYTES:
            break
        total -= path.stat().st_size
        path.unlink(missing_ok=True)
    return True
