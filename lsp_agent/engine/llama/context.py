"""A llama.cpp context behind guards: what would abort the process is refused before the call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from lsp_agent.engine.llama.library import AbortFlag, load_log
from lsp_agent.engine.types import EngineError

OUTPUTS_MAX = 8
# Only what can't be rolled back: LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY.
_PARTIAL = 1


class DecodeError(EngineError):
    """llama.cpp refused a batch; the sequence must be evaluated anew."""

    code = "decode-failed"


class ContextRefusedError(EngineError):
    """llama.cpp made no context; the message is its reason."""

    code = "context-refused"


class Aborted(Exception):  # noqa: N818 - control flow inside the engine's thread
    """The abort flag stopped a decode."""


class Context:
    """One context with one sequence. Only its engine's thread may call it.

    ``tokens`` are those whose keys and values are in memory, in order: after an abort or an error
    it is cut to what the memory really holds. ``remembers`` is false for encoders, which have no
    such memory and can't continue a text. Raises :class:`ContextRefusedError`.
    """

    def __init__(
        self, lib: Any, model: Any, params: Any, vocab_size: int, abort: AbortFlag
    ) -> None:
        self._lib = lib
        self._vocab_size = vocab_size
        load_log.lines = []
        self.ctx = lib.llama_init_from_model(model, params)
        if not self.ctx:
            raise ContextRefusedError("; ".join(load_log.lines[-2:]) or "llama.cpp gave no reason")
        self.n_ctx: int = lib.llama_n_ctx(self.ctx)
        self.n_batch: int = min(lib.llama_n_batch(self.ctx), lib.llama_n_ubatch(self.ctx))
        self._abort = abort
        abort.attach(lib, self.ctx)
        self.tokens: list[int] = []
        self._memory = lib.llama_get_memory(self.ctx)
        self.remembers = bool(self._memory)
        self._has_logits = False
        self._allocate()

    def _allocate(self) -> None:
        size = self.n_batch
        self._token = np.zeros(size, np.int32)
        self._pos = np.zeros(size, np.int32)
        self._n_seq = np.ones(size, np.int32)
        self._seq = np.zeros(size, np.int32)
        self._out = np.zeros(size, np.int8)
        steps = np.arange(size, dtype=np.uint64) * np.uint64(4)
        self._seq_pointers = np.uint64(self._seq.ctypes.data) + steps
        batch = self._lib.llama_batch()
        batch.token = _pointer(self._token, ctypes.c_int32)
        batch.embd = None
        batch.pos = _pointer(self._pos, ctypes.c_int32)
        batch.n_seq_id = _pointer(self._n_seq, ctypes.c_int32)
        batch.seq_id = _pointer(self._seq_pointers, ctypes.POINTER(ctypes.c_int32))
        batch.logits = _pointer(self._out, ctypes.c_int8)
        self._batch = batch

    def decode(self, tokens: Sequence[int], *, logits: bool, outputs: bool = False) -> None:
        """Append at most ``n_batch`` tokens; ``logits`` makes the last one ready for sampling.

        ``outputs`` keeps every token's, as a context for embeddings needs. Raises
        :class:`Aborted`, :class:`DecodeError`, or ``ValueError`` for a bad batch.
        """
        count = len(tokens)
        start = len(self.tokens)
        if not 0 < count <= self.n_batch:
            raise ValueError(f"a batch of {count} tokens; 1 to {self.n_batch} are allowed")
        if min(tokens) < 0 or max(tokens) >= self._vocab_size:
            raise ValueError("a token id outside the vocabulary")
        if start + count > self.n_ctx:
            raise ValueError("the context is full")
        self._token[:count] = tokens
        self._pos[:count] = np.arange(start, start + count)
        self._out[:count] = outputs
        self._out[count - 1] = logits or outputs
        self._batch.n_tokens = count
        self._has_logits = False
        load_log.stopping = self._abort
        code = self._lib.llama_decode(self.ctx, self._batch)
        load_log.stopping = None
        if code == 0:
            self.tokens += tokens
            self._has_logits = logits
            return
        self._cut_to_memory()
        if code == 2:
            raise Aborted
        detail = "the key-value memory is full" if code == 1 else f"llama_decode answered {code}"
        raise DecodeError(f"the model could not evaluate the text: {detail}")

    def sample(self, sampler: Any) -> int:
        """Draw a token from the logits of the last decode."""
        self._logits_pointer()
        return int(self._lib.llama_sampler_sample(sampler, self.ctx, -1))

    def logits(self) -> Any:
        """Return a numpy view of the last decode's logits, one float32 a vocabulary entry."""
        return np.ctypeslib.as_array(self._logits_pointer(), shape=(self._vocab_size,))

    def truncate(self, length: int) -> bool:
        """Forget all tokens from ``length`` on; ``False`` where this kind of memory can't."""
        if not self._lib.llama_memory_seq_rm(self._memory, 0, length, -1):
            return False
        if length < len(self.tokens):
            del self.tokens[length:]
            self._has_logits = False
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._lib.llama_memory_clear(self._memory, True)
        self.tokens.clear()
        self._has_logits = False

    def save(self) -> bytes:
        """Return the part of the memory that can't be rolled back, to restore it later."""
        size = self._lib.llama_state_seq_get_size_ext(self.ctx, 0, _PARTIAL)
        buffer = (ctypes.c_uint8 * size)()
        count = self._lib.llama_state_seq_get_data_ext(self.ctx, buffer, size, 0, _PARTIAL)
        return ctypes.string_at(buffer, count)

    def restore(self, state: bytes, length: int) -> bool:
        """Go back to the moment of :meth:`save`, when ``length`` tokens were in memory.

        The tokens must be the same up to there. ``False`` leaves a memory that must be cleared.
        """
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        done = self._lib.llama_state_seq_set_data_ext(self.ctx, buffer, len(state), 0, _PARTIAL)
        # Also when nothing is to be cut off: an abort can leave attention cells behind the end.
        return bool(done) and self.truncate(length)

    def free(self) -> None:
        """Free the context; must come before the model's end."""
        if self.ctx:
            self._lib.llama_free(self.ctx)
            self.ctx = None

    def _logits_pointer(self) -> Any:
        """Return the logits; sampling without any would abort the process."""
        pointer = self._lib.llama_get_logits_ith(self.ctx, -1) if self._has_logits else None
        if not pointer:
            raise ValueError("there are no logits to sample from")
        return pointer

    def _cut_to_memory(self) -> None:
        """Agree with what the memory holds after a decode that did not end well.

        Recurrent memory refuses, and what it holds then is unknown: see ``PrefixCache.recover``.
        """
        if self._lib.llama_memory_seq_rm(self._memory, 0, len(self.tokens), -1):
            held = int(self._lib.llama_memory_seq_pos_max(self._memory, 0)) + 1
            del self.tokens[held:]


def _pointer(array: Any, kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
