"""A small model drafts for a large one (Leviathan et al., 2023), where lookup finds nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.context import Aborted, DecodeError, Part
from lsp_agent.engine.llama.library import AbortFlag
from lsp_agent.engine.llama.model import LoadedModel, check_model
from lsp_agent.engine.llama.slots import common_prefix
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import EngineUnavailableError

_PROBES = 400
_LEARN = 0.2
MOST = 7
"""Longer drafts of another model seldom come true whole."""


class Drafter:
    """The draft model with a context of one sequence, which follows one answer at a time.

    ``seconds`` is what a drafted token takes, learnt while drafting. Raises
    :class:`EngineUnavailableError` for a model that can't be loaded or has another vocabulary.
    """

    def __init__(
        self,
        lib: Any,
        path: Path,
        settings: LlamaSettings,
        vocab: Vocab,
        abort: AbortFlag,
        cancel: CancelToken,
        progress: Callable[[float], None],
    ) -> None:
        own = settings.model_copy(update={"n_seq_max": 1, "lora": []})
        header = check_model(lib, path, own)
        # A small model: all of it goes where the setting allows it at all.
        layers = own.n_gpu_layers if lib.llama_supports_gpu_offload() else 0
        self._model = LoadedModel(lib, header, own, cancel, progress, n_gpu_layers=layers)
        try:
            self._check(Vocab(lib, self._model.model), vocab, path)
            self._context = self._model.context(vocab.size, abort)
        except BaseException:
            self._model.free()
            raise
        self.seconds = 0.0

    def draft(self, tokens: Sequence[int], length: int) -> list[int]:
        """Return the ``length`` tokens that the small model finds likeliest; none when aborted.

        Cost: what of ``tokens`` it has not seen yet, and ``length`` of its steps.
        """
        context, found = self._context, list[int]()
        if len(tokens) + length > context.n_ctx:
            return []
        if not context.truncate(0, common_prefix(context.tokens[0], tokens[:-1])):
            context.clear(0)
        try:
            row = self._read(tokens)
            began = time.monotonic()
            while True:
                found.append(int(context.logits(row).argmax()))
                if len(found) == length:
                    break
                (row,) = context.decode([Part(0, found[-1:], outputs=1)])
        except (Aborted, DecodeError):
            return []
        self.seconds += _LEARN * ((time.monotonic() - began) / length - self.seconds)
        return found

    def free(self) -> None:
        """Free context and weights."""
        self._context.free()
        self._model.free()

    def _read(self, tokens: Sequence[int]) -> int:
        """Evaluate what is new; return the row of the last token's logits."""
        context, row = self._context, 0
        while (at := len(context.tokens[0])) < len(tokens):
            batch = tokens[at : at + context.n_batch]
            (first,) = context.decode([Part(0, batch, outputs=1)])
            row = first + len(batch) - 1
        return row

    def _check(self, own: Vocab, vocab: Vocab, path: Path) -> None:
        step = max(vocab.size // _PROBES, 1)
        alike = own.size == vocab.size and all(
            own.text(token) == vocab.text(token) for token in range(0, vocab.size, step)
        )
        if not alike:
            raise EngineUnavailableError(
                f"the draft model {path.name} has another vocabulary than the model it should "
                "draft for; choose a smaller one of the same family"
            )
