"""A loaded model at work: prompt to tokens, tokens to memory, memory to text.

Everything here runs in the engine's one thread, but for :meth:`Runtime.count_tokens`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.context import Aborted, Context, DecodeError
from lsp_agent.engine.llama.library import build_name, library
from lsp_agent.engine.llama.model import LoadedModel
from lsp_agent.engine.llama.prefix import PrefixCache
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.llama.stream import TextStream, ThinkingSplitter
from lsp_agent.engine.llama.template import ChatTemplate
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import (
    Chat,
    ContextOverflowError,
    Delta,
    EngineError,
    EngineInfo,
    Fim,
    FinishReason,
    Request,
    Usage,
)

_MIN_ROOM = 16


@dataclass(frozen=True, slots=True)
class _Prompt:
    tokens: list[int]
    last_message: int
    opens_thinking: bool = False


class Runtime:
    """Weights, context and tokenizer of one model. Loading takes from 10 ms to many seconds."""

    def __init__(
        self,
        path: Path,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
    ) -> None:
        self._lib = library()
        self._model = LoadedModel(self._lib, path, settings, cancel, progress)
        self._embedder: Context | None = None
        try:
            self.vocab = Vocab(self._lib, self._model.model)
            source = settings.chat_template or self._model.template()
            self._has_template = source is not None
            self._template = ChatTemplate(source)
            self._context = self._model.context(self.vocab.size)
        except BaseException:
            self._model.free()
            raise
        self._prefix = PrefixCache(self._context, rolls_back=self._model.rolls_back)
        self._control = self.vocab.control_tokens()
        self.evaluated = 0
        self.reused = 0

    @property
    def n_ctx(self) -> int:
        """The context's size in tokens."""
        return self._context.n_ctx

    def abort(self) -> None:
        """Stop the decode that is running; from any thread."""
        self._context.abort.set()

    def allow(self) -> None:
        """Forget an earlier abort; before each request."""
        self._context.abort.clear()

    def describe(self, name: str) -> EngineInfo:
        """Describe the model as it is loaded."""
        header = self._model.header
        return EngineInfo(
            name=name,
            kind="llama-cpp",
            model=header.path.name,
            n_ctx=self.n_ctx,
            n_params=header.n_params,
            fim=self.vocab.fim is not None,
            grammar=True,
            embeddings=self._model.embeds,
            detail={
                "name": header.name,
                "arch": header.arch,
                "quantization": header.quantization,
                "size_bytes": header.size_bytes,
                "chat_template": self._has_template,
                "build": build_name(self._lib),
                "n_gpu_layers": self._model.n_gpu_layers,
                "n_threads": self._model.n_threads,
                "context_used": len(self._context.tokens),
                "prompt_tokens_evaluated": self.evaluated,
                "prompt_tokens_reused": self.reused,
            },
        )

    def count_tokens(self, text: str) -> int:
        """Count tokens; safe in any thread while the model is loaded."""
        return len(self.vocab.tokenize(text))

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Evaluate a prompt and yield the answer; see :class:`~..types.Engine`."""
        prompt = self._prompt(request)
        room = self.n_ctx - len(prompt.tokens)
        if room < _MIN_ROOM:
            raise ContextOverflowError(len(prompt.tokens), self.n_ctx)
        # Made before the prompt is evaluated, so that a bad grammar costs nothing.
        sampler = Sampler(
            self._lib,
            self.vocab,
            request.sampling,
            grammar=request.grammar,
            # A grammar matches control tokens by their text; they would end up inside strings.
            banned=self._control,
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
            self._embedder = self._model.context(self.vocab.size, embeddings=True)
        return [self._embed_one(text, cancel) for text in texts]

    def free(self) -> None:
        """Free contexts, then weights: the other order crashes."""
        if self._embedder is not None:
            self._embedder.free()
        self._context.free()
        self._model.free()

    def _prompt(self, request: Request) -> _Prompt:
        if isinstance(request.prompt, Fim):
            return self._fim_prompt(request.prompt)
        return self._chat_prompt(request.prompt)

    def _chat_prompt(self, chat: Chat) -> _Prompt:
        tokens = [self.vocab.bos] if self.vocab.adds_bos else []
        last_message = 0
        pieces = self._template.render(chat.messages)
        for text, is_content in pieces:
            if is_content:
                last_message = len(tokens)
            tokens += self.vocab.tokenize(text, special=not is_content)
        if tokens[:2] == [self.vocab.bos] * 2:
            # The template wrote it as well.
            del tokens[0]
        opens = bool(pieces) and pieces[-1][0].rstrip().endswith("<think>")
        return _Prompt(tokens, last_message, opens)

    def _fim_prompt(self, fim: Fim) -> _Prompt:
        marks = self.vocab.fim
        if marks is None:
            raise EngineError(
                f"{self._model.header.path.name} was not trained to fill in the middle; choose a "
                "model with FIM tokens for routes.completion"
            )
        head = [self.vocab.bos] if self.vocab.adds_bos else []
        prefix, suffix = self.vocab.tokenize(fim.prefix), self.vocab.tokenize(fim.suffix)
        tokens = [*head, marks.prefix, *prefix, marks.suffix, *suffix, marks.middle]
        return _Prompt(tokens, len(head))

    def _evaluate(self, prompt: _Prompt, start: int, cancel: CancelToken) -> Iterator[Delta]:
        """Evaluate the prompt in batches, each a chance to stop, and report how far it is."""
        total = len(prompt.tokens)
        at = start
        while at < total:
            cancel.check()
            # Batches end where a memory that can't roll back is worth remembering.
            stops = [stop for stop in (prompt.last_message, total - 1, total) if stop > at]
            end = min(at + self._context.n_batch, *stops)
            self._decode(prompt.tokens[at:end], cancel, logits=end == total)
            self.evaluated += end - at
            at = end
            if at in (prompt.last_message, total - 1):
                self._prefix.checkpoint()
            yield Delta(progress=at / total)

    def _decode(self, tokens: Sequence[int], cancel: CancelToken, *, logits: bool) -> None:
        while True:
            try:
                return self._context.decode(tokens, logits=logits)
            except Aborted:
                if not self._model.rolls_back:
                    # How much of a recurrent state the broken batch changed can't be told.
                    self._prefix.drop()
                    cancel.check()
                    raise DecodeError("the evaluation was interrupted; ask again") from None
                cancel.check()
                # The flag was left over from a request that ended at the same moment.
                self._context.abort.clear()

    def _answer(
        self,
        request: Request,
        prompt: _Prompt,
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
            self._decode([token], cancel, logits=True)
        thinking, text = splitter.feed(stream.finish(), last=True)
        final = Usage(usage.prompt, usage.cached, count)
        yield Delta(text=text, thinking=thinking, finish=finish, usage=final)

    def _embed_one(self, text: str, cancel: CancelToken) -> list[float]:
        context: Any = self._embedder
        cancel.check()
        tokens = self.vocab.tokenize(text) or [max(self.vocab.bos, 0)]
        if len(tokens) > context.n_batch:
            raise ContextOverflowError(len(tokens), context.n_batch)
        context.clear()
        context.decode(tokens, logits=True)
        pointer = self._lib.llama_get_embeddings_seq(context.ctx, 0)
        if not pointer:
            raise EngineError("the model gave no embedding for this text")
        size = self._lib.llama_model_n_embd(self._model.model)
        vector = np.ctypeslib.as_array(pointer, shape=(size,)).astype(np.float64)
        return [float(x) for x in vector / (np.linalg.norm(vector) or 1.0)]
