"""Tokens and text. Content is never allowed to spell a special token."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lsp_agent.engine.llama.fim import FimTokens, find_fim
from lsp_agent.engine.types import EngineError

__all__ = ["FimTokens", "Vocab"]

_LEAD = "\n"
_MAX_VALUE = 512
# Control tokens in some models that a reader of the answer must see all the same.
_VISIBLE = (
    "<think>", "</think>", "[THINK]", "[/THINK]", "<tool_call>", "</tool_call>", "[TOOL_CALLS]",
    "[ARGS]", "<|tool_call_start|>", "<|tool_call_end|>", "<|tool_call>", "<tool_call|>",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByteTokens:
    """Tokens of a single byte each, and those that end an answer; int32 arrays."""

    common: Any
    all: Any


# Bytes that occur in UTF-8 text; a token for the low controls is not asked for.
_TEXT_BYTES = {9, 10, 13, *range(0x20, 0x7F), *range(0x80, 0xC0), *range(0xC2, 0xF5)}
_COMMON_BYTES = b' \nae"(1_<'
# Every family keeps its bytes at the beginning of the vocabulary.
_BYTE_IDS = 1024


class Vocab:
    """A model's vocabulary. Reading it is thread-safe."""

    def __init__(self, lib: Any, model: Any) -> None:
        self._lib = lib
        self._model = model
        self._vocab = lib.llama_model_get_vocab(model)
        self.size: int = lib.llama_vocab_n_tokens(self._vocab)
        if lib.llama_vocab_type(self._vocab) == lib.LLAMA_VOCAB_TYPE_NONE:
            # Every call below would abort the process.
            raise EngineError("the model file has no tokenizer; use another file of this model")
        self.bos: int = lib.llama_vocab_bos(self._vocab)
        self.eos: int = lib.llama_vocab_eos(self._vocab)
        self.adds_bos = self.bos >= 0 and bool(lib.llama_vocab_get_add_bos(self._vocab))
        self._lead = self._find_lead()
        self.fim = find_fim(self)
        # Nothing that follows the begin of another file belongs to an answer.
        self._ends = {self.fim.file, self.fim.repo} if self.fim else set()
        self._visible = {ids[0] for text in _VISIBLE if (ids := self._one_token(text))}
        self._pieces: dict[int, bytes] = {}

    @property
    def pointer(self) -> Any:
        """The C pointer, for samplers."""
        return self._vocab

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text; ``special`` only for text that is ours: a template's."""
        if not text:
            return []
        if self._lead:
            tokens = self._tokenize(_LEAD + text, special=special)
            if tokens[: len(self._lead)] == self._lead:
                return tokens[len(self._lead) :]
        return self._tokenize(text, special=special)

    def tokenize_whole(self, text: str) -> list[int]:
        """Return the tokens of a text that stands alone, with the marks that the model wants."""
        if self.bos >= 0 and self.eos >= 0:
            return self._tokenize(text, special=False, whole=True)
        # A missing mark that the model asks for would abort the process.
        return self._tokenize(text, special=False)

    def text(self, token: int) -> str:
        """Return a token as the vocabulary spells it; empty for no token (-1)."""
        if not 0 <= token < self.size:
            return ""
        spelled: bytes = self._lib.llama_vocab_get_text(self._vocab, token)
        return spelled.decode("utf-8", "replace")

    def token_of(self, text: str) -> int:
        """Return the token that spells a special text; -1 where it takes several."""
        ids = self._one_token(text)
        return ids[0] if ids else -1

    def known_fim(self, part: str) -> int:
        """Return llama.cpp's own finding of a FIM token (``pre``, ``suf``, ``mid`` …), or -1."""
        return int(getattr(self._lib, f"llama_vocab_fim_{part}")(self._vocab))

    def metadata(self, key: str) -> str | None:
        """Return a scalar value of the model's file, written out; ``None`` where it has none."""
        buffer = ctypes.create_string_buffer(_MAX_VALUE)
        size = self._lib.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if size >= 0 else None

    def _tokenize(self, text: str, *, special: bool = False, whole: bool = False) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            buffer = (ctypes.c_int32 * size)()
            count = self._lib.llama_tokenize(
                self._vocab, data, len(data), buffer, size, whole, special
            )
            if count >= 0:
                return list(buffer[:count])
            size = -count

    def piece(self, token: int) -> bytes:
        """Return a token's bytes; a control token has none, but for tool-call and thinking tags."""
        known = self._pieces.get(token)
        if known is None:
            known = self._piece(token, special=token in self._visible)
            self._pieces[token] = known
        return known

    def is_end(self, token: int) -> bool:
        """Whether a token ends an answer."""
        return token in self._ends or bool(self._lib.llama_vocab_is_eog(self._vocab, token))

    @cached_property
    def byte_tokens(self) -> ByteTokens | None:
        """Tokens that spell any text byte by byte; ``None`` where some byte has none."""
        found: dict[int, int] = {}
        for token in range(min(self.size, _BYTE_IDS)):
            piece = self.piece(token)
            if len(piece) == 1:
                found.setdefault(piece[0], token)
        if not found.keys() >= _TEXT_BYTES:
            return None
        ends = [token for token in range(self.size) if self.is_end(token)]
        # One end stands for all: they are allowed together.
        common = [*(found[byte] for byte in _COMMON_BYTES), *ends[:1]]
        return ByteTokens(np.array(common, np.int32), np.array([*found.values(), *ends], np.int32))

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

    def _find_lead(self) -> list[int]:
        """Return the tokens to cut off in front of a text; none for most vocabularies.

        SentencePiece puts a space before every text it is given, so a content between two pieces
        of a template, or the two sides of a gap, would grow one each. A line end in front takes
        that space and never joins what follows.
        """
        pieces = b"".join(self._piece(token, special=False) for token in self._tokenize("a"))
        lead, probe = self._tokenize(_LEAD), self._tokenize(f"{_LEAD}a")
        return lead if pieces == b" a" and probe[: len(lead)] == lead else []

    def _one_token(self, text: str) -> list[int]:
        """Return the token that spells a special text, nothing where it takes several."""
        ids = self.tokenize(text, special=True)
        return ids if len(ids) == 1 else []
