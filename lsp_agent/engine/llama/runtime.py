"""A loaded model at work: prompt to tokens, tokens to memory, memory to text.

Everything here runs in the engine's one thread, but for :meth:`Runtime.count_tokens`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import ModelFileError
from lsp_agent.engine.llama.context import Aborted, Context, DecodeError
from lsp_agent.engine.llama.library import AbortFlag, build_name, library
from lsp_agent.engine.llama.model import LoadedModel, check_model, layer_attempts
from lsp_agent.engine.llama.prefix import PrefixCache
from lsp_agent.engine.llama.prompt import Prompt, PromptBuilder
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.llama.stream import TextStream, ThinkingSplitter
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import (
    ContextOverflowError,
    Delta,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Fim,
    FinishReason,
    Request,
    Usage,
)

_MIN_ROOM = 16
_log = logging.getLogger(__name__)


class Runtime:
    """Weights, context and tokenizer of one model. Loading takes from 10 ms to many seconds.

    ``stopping`` is the flag that ends a decode which is running.
    """

    def __init__(
        self,
        path: Path,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
    ) -> None:
        self._lib = library()
        self.stopping = AbortFlag()
        self._embedder: Context | None = None
        self._freed = False
        self._tokenizing = threading.Lock()
        self._open(path, settings, cancel, progress)
        self._prefix = PrefixCache(self._context, rolls_back=self._model.rolls_back)
        self._control = self.vocab.control_tokens()
        self.evaluated = 0
        self.reused = 0

    @property
    def n_ctx(self) -> int:
        """The context's size in tokens."""
        return self._context.n_ctx

    def describe(self, name: str) -> EngineInfo:
        """Describe the model as it is loaded; safe in any thread."""
        header, model = self._model.header, self._model
        build = build_name(self._lib)
        on_gpu = 0 if build == "CPU" else model.n_gpu_layers
        return EngineInfo(
            name=name,
            kind="llama-cpp",
            model=header.path.name,
            n_ctx=self.n_ctx,
            n_params=header.n_params,
            fim=self.vocab.fim is not None,
            grammar=True,
            embeddings=model.embeds,
            jobs=header.jobs,
            languages=header.languages,
            detail={
                "name": header.name,
                "arch": header.arch,
                "quantization": header.quantization,
                "size_bytes": header.size_bytes,
                "chat_template": self._has_template,
                "build": build,
                "n_layers": model.n_layer,
                "n_gpu_layers": model.n_layer + 1 if on_gpu < 0 else on_gpu,
                "n_threads": model.n_threads,
                "context_used": len(self._context.tokens),
                "prompt_tokens_evaluated": self.evaluated,
                "prompt_tokens_reused": self.reused,
            },
        )

    def count_tokens(self, text: str) -> int:
        """Count tokens; safe in any thread, also while the model is freed."""
        with self._tokenizing:
            if self._freed:
                raise EngineUnavailableError("the engine is closed")
            return len(self.vocab.tokenize(text))

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Evaluate a prompt and yield the answer; see :class:`~..types.Engine`."""
        if not self._context.remembers:
            raise EngineError(
                f"{self._model.header.path.name} can't write text; choose a model that generates"
            )
        prompt = self._prompts.build(request.prompt)
        room = self.n_ctx - len(prompt.tokens)
        if room < _MIN_ROOM:
            raise ContextOverflowError(len(prompt.tokens), self.n_ctx)
        # Made before the prompt is evaluated, so that a bad grammar costs nothing.
        sampler = Sampler(
            self._lib,
            self.vocab,
            request.sampling,
            grammar=request.grammar,
            banned=self._banned(request),
        )
        try:
            cached = self._prefix.reuse(prompt.tokens)
            self.reused += cached
            yield from self._evaluate(prompt, cached, cancel)
            usage = Usage(prompt=len(prompt.tokens), cached=cached)
            limit = min(request.max_tokens, room - 1)
            yield from self._answer(request, prompt, sampler, usage, limit, cancel)
        except DecodeError:
            self._prefix.drop()
            raise
        finally:
            sampler.free()

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return one unit vector a text."""
        if not self._model.embeds:
            raise EngineError(
                f"{self._model.header.path.name} is not an embedding model; choose one that is"
            )
        if self._embedder is None:
            self._embedder = self._model.embedder(self.vocab.size, self.stopping)
        return [self._embed_one(self._embedder, text, cancel) for text in texts]

    def free(self) -> None:
        """Free contexts, then weights: the other order crashes. May be called twice."""
        with self._tokenizing:
            if self._freed:
                return
            self._freed = True
            if self._embedder is not None:
                self._embedder.free()
            self._context.free()
            self._model.free()

    def _open(
        self,
        path: Path,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
    ) -> None:
        """Load weights and make the context; with fewer layers on the GPU while that fails."""
        header = check_model(self._lib, path, settings)
        attempts = list(layer_attempts(self._lib, header, settings.n_gpu_layers))
        for layers in attempts:
            last = layers == attempts[-1]
            try:
                model = LoadedModel(
                    self._lib, header, settings, cancel, progress, n_gpu_layers=layers
                )
                self._equip(model, settings, shrink=last)
            except (EngineUnavailableError, ModelFileError) as error:
                if last:
                    raise
                _log.warning(
                    "%s does not fit with %s layers on the GPU (%s); trying fewer",
                    path.name,
                    "all" if layers < 0 else layers,
                    error,
                )
            else:
                return

    def _equip(self, model: LoadedModel, settings: LlamaSettings, *, shrink: bool) -> None:
        try:
            self.vocab = Vocab(self._lib, model.model)
            source = settings.chat_template or model.template()
            self._has_template = source is not None
            suffix_first = model.header.metadata.get("lsp_agent.fim_order") == "spm"
            self._prompts = PromptBuilder(
                self.vocab, source, model.header.path.name, suffix_first=suffix_first
            )
            self._context = model.context(self.vocab.size, self.stopping, shrink=shrink)
        except BaseException:
            model.free()
            raise
        self._model = model

    def _banned(self, request: Request) -> Sequence[int]:
        # A grammar matches control tokens by their text, so they would end up inside strings; a
        # gap filled in the middle must not open another one.
        constrained = request.grammar is not None or isinstance(request.prompt, Fim)
        return self._control if constrained else ()

    def _evaluate(self, prompt: Prompt, start: int, cancel: CancelToken) -> Iterator[Delta]:
        """Evaluate the prompt in batches, each a chance to stop, and report how far it is."""
        total = len(prompt.tokens)
        # Where a memory that can't roll back is worth remembering, a batch ends.
        marks = () if self._model.rolls_back else (prompt.last_message, total - 1)
        at = start
        while at < total:
            cancel.check()
            end = min(at + self._context.n_batch, total, *(mark for mark in marks if mark > at))
            self._decode(prompt.tokens[at:end], cancel, logits=end == total)
            self.evaluated += end - at
            at = end
            if at in marks:
                self._prefix.checkpoint()
            yield Delta(progress=at / total)

    def _decode(self, tokens: Sequence[int], cancel: CancelToken, *, logits: bool) -> None:
        try:
            self._context.decode(tokens, logits=logits)
        except Aborted:
            self._prefix.recover()
            cancel.check()
            raise DecodeError("the evaluation was interrupted; ask again") from None

    def _answer(
        self,
        request: Request,
        prompt: Prompt,
        sampler: Sampler,
        usage: Usage,
        limit: int,
        cancel: CancelToken,
    ) -> Iterator[Delta]:
        stream = TextStream(request.stop)
        splitter = ThinkingSplitter(inside=prompt.opens_thinking)
        finish: FinishReason = "length"
        count = 0
        while count < limit:
            cancel.check()
            token = sampler.next(self._context)
            count += 1
            if self.vocab.is_end(token):
                finish = "stop"
                break
            thinking, text = splitter.feed(stream.feed(self.vocab.piece(token)))
            if thinking or text:
                yield Delta(text=text, thinking=thinking)
            if stream.stopped:
                finish = "stop"
                break
            if count < limit:
                self._decode([token], cancel, logits=True)
        thinking, text = splitter.feed(stream.finish(), last=True)
        final = Usage(usage.prompt, usage.cached, count)
        yield Delta(text=text, thinking=thinking, finish=finish, usage=final)

    def _embed_one(self, context: Context, text: str, cancel: CancelToken) -> list[float]:
        cancel.check()
        tokens = self.vocab.tokenize_whole(text) or [max(self.vocab.bos, 0)]
        if len(tokens) > context.n_batch:
            raise ContextOverflowError(len(tokens), context.n_batch)
        context.clear()
        try:
            context.decode(tokens, logits=False, outputs=True)
        except Aborted:
            cancel.check()
            raise DecodeError("the evaluation was interrupted; ask again") from None
        pointer: Any = self._lib.llama_get_embeddings_seq(context.ctx, 0)
        if not pointer:
            raise EngineError("the model gave no embedding for this text")
        size = self._lib.llama_model_n_embd(self._model.model)
        vector = np.ctypeslib.as_array(pointer, shape=(size,)).astype(np.float64)
        return [float(x) for x in vector / (np.linalg.norm(vector) or 1.0)]
