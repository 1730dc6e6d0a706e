"""A llama.cpp context behind guards: what would abort the process is refused before the call.

A context holds several sequences. With one memory for all of them (``kv_unified``) a copied prefix
shares its cells, so a fork costs 0.1 ms and no memory.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsp_agent.engine.llama.library import AbortFlag, load_log
from lsp_agent.engine.types import EngineError

OUTPUTS_MAX = 40
# Below, a small model's batch is over before a second thread has met the first.
_FEW_TOKENS = 4
# Only what can't be rolled back: LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY.
_PARTIAL, _WHOLE = 1, 0


class DecodeError(EngineError):
    """llama.cpp refused a batch; what its sequences hold must be evaluated anew."""

    code = "decode-failed"


class NoRoomError(DecodeError):
    """The memory has no free cells for a batch; nothing of it was evaluated."""


class ContextRefusedError(EngineError):
    """llama.cpp made no context; the message is its reason."""

    code = "context-refused"


class Aborted(Exception):  # noqa: N818 - control flow inside the engine's thread
    """The abort flag stopped a decode."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens to append to a sequence; the last ``outputs`` of them get logits."""

    seq: int
    tokens: Sequence[int]
    outputs: int = 0


class Context:
    """One context with its sequences. Only its engine's thread may call it.

    ``tokens[seq]`` are those whose keys and values a sequence has in memory, in order: after an
    abort or an error they are cut to what the memory really holds. ``remembers`` is false for
    encoders, which have no such memory and can't continue a text. Raises
    :class:`ContextRefusedError`.
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
        self.n_seq: int = lib.llama_n_seq_max(self.ctx)
        self._threads = (int(params.n_threads), int(params.n_threads_batch))
        self._outputs_max = int(params.n_outputs_max) or self.n_batch
        self._abort = abort
        abort.attach(lib, self.ctx)
        self.tokens: list[list[int]] = [[] for _ in range(self.n_seq)]
        self._memory = lib.llama_get_memory(self.ctx)
        self.remembers = bool(self._memory)
        self.shifts = self.remembers and bool(lib.llama_memory_can_shift(self._memory))
        self._windowed = not params.swa_full
        self._rows: set[int] = set()
        # llama.cpp keeps its outputs in one place; making a view costs more than a small model's
        # sampling.
        self._views: dict[int, Any] = {}
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

    def decode(self, parts: Sequence[Part]) -> list[int]:
        """Append each part to its sequence; return the batch row of each part's first token.

        At most ``n_batch`` tokens in all, one part a sequence. Raises :class:`Aborted`,
        :class:`NoRoomError`, :class:`DecodeError`, or ``ValueError`` for a bad batch.
        """
        firsts = self._fill(parts)
        self._rows = set()
        one, many = self._threads
        if one != many:
            few = self._batch.n_tokens < _FEW_TOKENS
            self._lib.llama_set_n_threads(self.ctx, one, one if few else many)
        load_log.stopping = self._abort
        code = self._lib.llama_decode(self.ctx, self._batch)
        load_log.stopping = None
        if code == 0:
            for part, first in zip(parts, firsts, strict=True):
                self.tokens[part.seq] += part.tokens
                end = first + len(part.tokens)
                self._rows.update(range(end - part.outputs, end))
            return firsts
        for part in parts:
            self._cut_to_memory(part.seq)
        if code == 2:
            raise Aborted
        if code == 1:
            raise NoRoomError("the model's key-value memory is full; raise n_ctx for this engine")
        raise DecodeError(f"the model could not evaluate the text: llama_decode answered {code}")

    def _fill(self, parts: Sequence[Part]) -> list[int]:
        count = sum(len(part.tokens) for part in parts)
        if not 0 < count <= self.n_batch or not all(part.tokens for part in parts):
            raise ValueError(f"a batch of {count} tokens; 1 to {self.n_batch} are allowed")
        if sum(part.outputs for part in parts) > self._outputs_max:
            raise ValueError(f"more than {self._outputs_max} outputs in a batch")
        if len({part.seq for part in parts}) < len(parts):
            raise ValueError("a sequence stands twice in a batch")
        if count == 1:
            # The step of an answer, thousands of times: five stores instead of array arithmetic.
            return self._fill_one(parts[0])
        firsts, at = [], 0
        for part in parts:
            end = at + len(part.tokens)
            start = len(self.tokens[part.seq])
            if start + len(part.tokens) > self.n_ctx:
                raise ValueError("the context is full")
            self._token[at:end] = part.tokens
            self._pos[at:end] = np.arange(start, start + len(part.tokens))
            self._seq[at:end] = part.seq
            self._out[at : end - part.outputs] = 0
            self._out[end - part.outputs : end] = 1
            firsts.append(at)
            at = end
        taken = self._token[:count]
        if taken.min() < 0 or taken.max() >= self._vocab_size:
            raise ValueError("a token id outside the vocabulary")
        self._batch.n_tokens = count
        return firsts

    def _fill_one(self, part: Part) -> list[int]:
        (token,) = part.tokens
        at = len(self.tokens[part.seq])
        if at >= self.n_ctx:
            raise ValueError("the context is full")
        if not 0 <= token < self._vocab_size:
            raise ValueError("a token id outside the vocabulary")
        self._token[0], self._pos[0], self._seq[0] = token, at, part.seq
        self._out[0] = part.outputs
        self._batch.n_tokens = 1
        return [0]

    def sample(self, sampler: Any, row: int) -> int:
        """Draw a token from the logits of a row of the last batch."""
        self._logits_pointer(row)
        return int(self._lib.llama_sampler_sample(sampler, self.ctx, row))

    def logits(self, row: int) -> Any:
        """Return a numpy view of a row's logits, one float32 a vocabulary entry."""
        pointer = self._logits_pointer(row)
        address = ctypes.addressof(pointer.contents)
        if address not in self._views:
            self._views[address] = np.ctypeslib.as_array(pointer, shape=(self._vocab_size,))
        return self._views[address]

    def truncate(self, seq: int, length: int) -> bool:
        """Forget a sequence from ``length`` on; ``False`` where this kind of memory can't."""
        if length >= len(self.tokens[seq]):
            return True
        if not self._lib.llama_memory_seq_rm(self._memory, seq, length, -1):
            return False
        del self.tokens[seq][length:]
        self._rows = set()
        return True

    def clear(self, seq: int) -> None:
        """Forget a sequence; every kind of memory can."""
        self._lib.llama_memory_seq_rm(self._memory, seq, -1, -1)
        self.tokens[seq].clear()
        self._rows = set()

    def copy(self, source: int, target: int, length: int) -> None:
        """Make a sequence the first ``length`` tokens of another; cells are shared.

        Recurrent memory copies its state as it is, so there ``length`` must be all; so must it be
        for sliding windows, whose few cells are not shared: that would keep them from being used
        again.
        """
        self.clear(target)
        self._lib.llama_memory_seq_cp(self._memory, source, target, 0, length)
        if self._windowed:
            self._set_state(target, self.save(source), _PARTIAL)
        self.tokens[target] = self.tokens[source][:length]

    def splice(self, seq: int, spare: int, cut: range, tokens: Sequence[int]) -> None:
        """Replace what a sequence has in ``cut``, and shift the rest without evaluating it.

        An approximation: what stands behind never saw the new text. Nothing else may share the
        cells behind the cut; ``spare`` is an empty sequence. Cost: that of the new tokens alone.
        Raises what :meth:`decode` raises; then the sequence ends where the cut began.
        """
        lib, memory = self._lib, self._memory
        tail = self.tokens[seq][cut.stop :]
        delta = len(tokens) - len(cut)
        # Positions must follow each other, so the tail is put aside while the gap is filled.
        lib.llama_memory_seq_cp(memory, seq, spare, cut.stop, -1)
        lib.llama_memory_seq_rm(memory, seq, cut.start, -1)
        del self.tokens[seq][cut.start :]
        self._rows = set()
        try:
            if tokens:
                self.decode([Part(seq, tokens)])
            lib.llama_memory_seq_add(memory, spare, cut.stop, -1, delta)
            lib.llama_memory_seq_cp(memory, spare, seq, cut.stop + delta, -1)
            self.tokens[seq] += tail
        finally:
            lib.llama_memory_seq_rm(memory, spare, -1, -1)

    def save(self, seq: int, *, whole: bool = False) -> bytes:
        """Return a sequence's memory: all, or only the part that can't be rolled back."""
        flags = _WHOLE if whole else _PARTIAL
        size = self._lib.llama_state_seq_get_size_ext(self.ctx, seq, flags)
        buffer = (ctypes.c_uint8 * size)()
        count = self._lib.llama_state_seq_get_data_ext(self.ctx, buffer, size, seq, flags)
        return ctypes.string_at(buffer, count)

    def restore(self, seq: int, state: bytes, length: int) -> bool:
        """Go back to the moment of :meth:`save`, when ``length`` tokens were in memory.

        The tokens must be the same up to there. ``False`` leaves a sequence that must be cleared.
        """
        done = self._set_state(seq, state, _PARTIAL)
        # Also when nothing is to be cut off: an abort can leave attention cells behind the end.
        removed = self._lib.llama_memory_seq_rm(self._memory, seq, length, -1)
        del self.tokens[seq][length:]
        self._rows = set()
        return done and bool(removed)

    def load(self, seq: int, state: bytes, tokens: Sequence[int]) -> bool:
        """Fill an empty sequence with a state that was saved whole; ``False`` without room."""
        if not self._set_state(seq, state, _WHOLE):
            self.clear(seq)
            return False
        self.tokens[seq] = list(tokens)
        return True

    def save_file(self, seq: int, path: Path) -> bool:
        """Write a sequence and its tokens to a file."""
        tokens = self.tokens[seq]
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        name = os.fsencode(path)
        return bool(self._lib.llama_state_seq_save_file(self.ctx, name, seq, array, len(tokens)))

    def load_file(self, seq: int, path: Path, tokens: Sequence[int]) -> bool:
        """Fill an empty sequence from a file, if it holds just these tokens."""
        count = ctypes.c_size_t()
        found = (ctypes.c_int32 * len(tokens))()
        name = os.fsencode(path)
        done = self._lib.llama_state_seq_load_file(
            self.ctx, name, seq, found, len(tokens), ctypes.byref(count)
        )
        if not done or list(found[: count.value]) != list(tokens):
            self.clear(seq)
            return False
        self.tokens[seq] = list(tokens)
        return True

    def free(self) -> None:
        """Free the context; must come before the model's end."""
        if self.ctx:
            self._lib.llama_free(self.ctx)
            self.ctx = None

    def _set_state(self, seq: int, state: bytes, flags: int) -> bool:
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        return bool(
            self._lib.llama_state_seq_set_data_ext(self.ctx, buffer, len(state), seq, flags)
        )

    def _logits_pointer(self, row: int) -> Any:
        """Return the logits; sampling without any would abort the process."""
        pointer = self._lib.llama_get_logits_ith(self.ctx, row) if row in self._rows else None
        if not pointer:
            raise ValueError("there are no logits to sample from")
        return pointer

    def _cut_to_memory(self, seq: int) -> None:
        """Agree with what the memory holds after a decode that did not end well.

        Recurrent memory refuses, and what it holds then is unknown: see ``SlotCache.recover``.
        """
        tokens = self.tokens[seq]
        if self._lib.llama_memory_seq_rm(self._memory, seq, len(tokens), -1):
            held = int(self._lib.llama_memory_seq_pos_max(self._memory, seq)) + 1
            del tokens[held:]


def _pointer(array: Any, kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
