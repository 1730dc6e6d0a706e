"""Drawing tokens, with a grammar at nearly no cost.

Masking a vocabulary of 152,000 entries costs 8 to 20 ms a token, more than decoding it. So a token
is drawn first and only it is checked (2 to 15 µs); on a miss the best 256 are masked; all of them
only when none of those fits (the order of llama.cpp's ``common_sampler_sample``, PR 4306, with the
middle step added). Where the grammar allows a single text, that is taken without drawing at all.
"""

from __future__ import annotations

import ctypes
import re
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from lsp_agent.engine.llama.context import Context
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import EngineError, GrammarError, Sampling

_CANDIDATES = 256
_FORCED_BYTES = 512
# What the tokenizers of byte-level models keep together, taken a little too wide.
_LAST_PIECE = re.compile(r"\s*(?:\w+|[^\w\s]+)?$")
_PENALTY_WINDOW = 64
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """One generation's sampler chain and, where asked for, its grammar. Free it after use.

    ``banned`` tokens are never drawn. Raises :class:`GrammarError` when the grammar does not
    compile.
    """

    def __init__(
        self,
        lib: Any,
        vocab: Vocab,
        sampling: Sampling,
        *,
        grammar: str | None = None,
        banned: Sequence[int] = (),
    ) -> None:
        self._lib = lib
        self._ids = np.arange(vocab.size, dtype=np.int32)
        self._banned = np.array(banned, dtype=np.int32)
        self._grammar = _compile(lib, vocab, grammar) if grammar is not None else None
        self._chain = _chain(lib, vocab, sampling)
        self._likeliest = sampling.temperature <= 0 and not _penalises(sampling)
        self._vocab = vocab

    def next(self, context: Context, row: int) -> int:
        """Draw the next token from a row's logits and take it as chosen."""
        logits = context.logits(row)
        # In place: the context writes them anew with every decode.
        if len(self._banned):
            logits[self._banned] = -np.inf
        if self._grammar is None:
            return int(logits.argmax()) if self._likeliest else context.sample(self._chain, row)
        token = int(logits.argmax()) if self._likeliest else self._draw(self._ids, logits)
        if not self._allows(token):
            token = self._draw_allowed(logits)
        self._accept(token)
        return token

    def forced(self, most: int) -> list[int]:
        """Take the tokens of the only text that the grammar allows here, at most ``most``.

        The last word, mark or white space of such a text is left to be drawn: what follows might
        join it, and tokens never go over that border. Cost: a few µs where there is a choice, about
        40 µs for each byte that is forced.
        """
        if self._grammar is None or most < 1:
            return []
        data, ends = self._forced_text()
        text = data.decode("utf-8", "ignore")
        if not ends:
            text = _LAST_PIECE.sub("", text)
        taken: list[int] = []
        for token in self._vocab.tokenize(text):
            if len(taken) == most or not self._allows(token):
                break
            self._accept(token)
            taken.append(token)
        return taken

    def _forced_text(self) -> tuple[bytes, bool]:
        """Return the bytes that must come, and whether the answer ends behind them."""
        probe = self._lib.llama_sampler_clone(self._grammar)
        text = b""
        try:
            while len(text) < _FORCED_BYTES:
                found = self._only_byte(probe)
                if found is None:
                    return text, False
                token, byte = found
                if not byte:
                    return text, True
                self._lib.llama_sampler_accept(probe, token)
                text += byte
        finally:
            self._lib.llama_sampler_free(probe)
        return text, False

    def _only_byte(self, grammar: Any) -> tuple[int, bytes] | None:
        """Return the single byte that a grammar allows; no byte for an end; ``None`` for a choice.

        A vocabulary that can't spell every byte alone could hide a choice, so it has none.
        """
        steps = self._vocab.byte_tokens
        if steps is None:
            return None
        # Most choices show among the commonest bytes already.
        if len(self._mask(steps.common, _zeros(steps.common), grammar)) > 1:
            return None
        allowed = self._mask(steps.all, _zeros(steps.all), grammar)
        if len(allowed) == 1:
            token = int(allowed[0])
            return token, self._vocab.piece(token)
        if len(allowed) and all(self._vocab.is_end(int(token)) for token in allowed):
            return int(allowed[0]), b""
        return None

    def _accept(self, token: int) -> None:
        self._lib.llama_sampler_accept(self._chain, token)
        # Accepting a token that the grammar forbids aborts the process; this one was checked.
        self._lib.llama_sampler_accept(self._grammar, token)

    def free(self) -> None:
        """Free the C objects; the sampler can't be used any more."""
        self._lib.llama_sampler_free(self._chain)
        if self._grammar is not None:
            self._lib.llama_sampler_free(self._grammar)

    def _draw_allowed(self, logits: Any) -> int:
        for count in (_CANDIDATES, len(self._ids)):
            ids = self._ids
            if count < len(ids):
                ids = np.argpartition(logits, -count)[-count:].astype(np.int32)
            # A forbidden token has no likelihood left; what was banned before has none either.
            allowed = self._mask(ids, logits[ids], self._grammar)
            if len(allowed):
                return self._draw(allowed, logits[allowed])
        raise EngineError("the grammar allows no token here; it can't be completed")

    def _allows(self, token: int) -> bool:
        ids = np.array([token], np.int32)
        return len(self._mask(ids, _zeros(ids), self._grammar)) == 1

    def _mask(self, ids: Any, logits: Any, grammar: Any) -> Any:
        array, data = self._array(ids, logits)
        self._lib.llama_sampler_apply(grammar, ctypes.byref(array))
        return data["id"][data["logit"] > -np.inf].copy()

    def _draw(self, ids: Any, logits: Any) -> int:
        array, data = self._array(ids, logits)
        self._lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(data["id"][array.selected])

    def _array(self, ids: Any, logits: Any) -> tuple[Any, Any]:
        data = np.empty(len(ids), _TOKEN_DATA)
        data["id"], data["logit"], data["p"] = ids, logits, 0
        array = self._lib.llama_token_data_array(
            ctypes.cast(data.ctypes.data, ctypes.POINTER(self._lib.llama_token_data)),
            len(ids),
            -1,
            False,
        )
        return array, data


def _zeros(ids: Any) -> Any:
    return np.zeros(len(ids), np.float32)


def _compile(lib: Any, vocab: Vocab, grammar: str) -> Any:
    text = grammar.encode("utf-8", "replace")
    # The C side would read up to the first NUL, and take nothing at all for "no grammar".
    usable = text.strip() and b"\0" not in text
    sampler = usable and lib.llama_sampler_init_grammar(vocab.pointer, text, b"root")
    if not sampler:
        raise GrammarError("the grammar does not compile; llama.cpp's log names the line")
    return sampler


def _penalises(sampling: Sampling) -> bool:
    penalties = (
        sampling.repeat_penalty - 1.0,
        sampling.presence_penalty,
        sampling.frequency_penalty,
    )
    return any(penalties)


def _chain(lib: Any, vocab: Vocab, sampling: Sampling) -> Any:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())

    def add(sampler: Any) -> None:
        lib.llama_sampler_chain_add(chain, sampler)

    if _penalises(sampling):
        add(
            lib.llama_sampler_init_penalties(
                vocab.size,
                _PENALTY_WINDOW,
                sampling.repeat_penalty,
                sampling.frequency_penalty,
                sampling.presence_penalty,
            )
        )
    if sampling.temperature <= 0:
        add(lib.llama_sampler_init_greedy())
        return chain
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed & 0xFFFFFFFF
    add(lib.llama_sampler_init_top_k(sampling.top_k))
    add(lib.llama_sampler_init_top_p(sampling.top_p, 1))
    add(lib.llama_sampler_init_min_p(sampling.min_p, 1))
    add(lib.llama_sampler_init_temp(sampling.temperature))
    add(lib.llama_sampler_init_dist(seed))
    return chain
