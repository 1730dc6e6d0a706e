"""Tokens and text. Content is never allowed to spell a special token."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

_FIM_BY_TEXT = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    ("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"),
)


@dataclass(frozen=True, slots=True)
class FimTokens:
    """Token ids of a fill-in-the-middle prompt: prefix, suffix, middle."""

    prefix: int
    suffix: int
    middle: int


class Vocab:
    """A model's vocabulary. Reading it is thread-safe."""

    def __init__(self, lib: Any, model: Any) -> None:
        self._lib = lib
        self._vocab = lib.llama_model_get_vocab(model)
        self.size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.bos: int = lib.llama_vocab_bos(self._vocab)
        self.adds_bos: bool = bool(lib.llama_vocab_get_add_bos(self._vocab))
        self.fim = self._find_fim()
        self._pieces: dict[int, bytes] = {}

    @property
    def pointer(self) -> Any:
        """The C pointer, for samplers."""
        return self._vocab

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text; ``special`` only for text that is ours: a template's."""
        if not text:
            return []
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            buffer = (ctypes.c_int32 * size)()
            count = self._lib.llama_tokenize(
                self._vocab, data, len(data), buffer, size, False, special
            )
            if count >= 0:
                return list(buffer[:count])
            size = -count

    def piece(self, token: int) -> bytes:
        """Return a token's bytes; those of a control token are empty."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._piece(token, special=False)
        return known

    def is_end(self, token: int) -> bool:
        """Whether a token ends an answer."""
        return bool(self._lib.llama_vocab_is_eog(self._vocab, token))

    def control_tokens(self) -> list[int]:
        """Return the control tokens that do not end an answer."""
        return [
            token
            for token in range(self.size)
            if self._lib.llama_vocab_is_control(self._vocab, token) and not self.is_end(token)
        ]

    def _piece(self, token: int, *, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self._lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            # The high-level class drops longer tokens here, and code loses its indentation.
            size = -count

    def _find_fim(self) -> FimTokens | None:
        found = [
            getattr(self._lib, f"llama_vocab_fim_{name}")(self._vocab)
            for name in ("pre", "suf", "mid")
        ]
        if min(found) >= 0:
            return FimTokens(*found)
        for texts in _FIM_BY_TEXT:
            ids = [self.tokenize(text, special=True) for text in texts]
            if all(len(one) == 1 for one in ids):
                return FimTokens(*(one[0] for one in ids))
        return None
