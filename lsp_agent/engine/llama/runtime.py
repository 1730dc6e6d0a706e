"""A loaded model at work: requests in, a scheduler over one memory, text out.

Everything here runs in the engine's one thread, but for :meth:`Runtime.count_tokens`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import ModelFileError
from lsp_agent.engine.llama.context import Aborted, Context, DecodeError, Part
from lsp_agent.engine.llama.draft import Lookup
from lsp_agent.engine.llama.drafter import Drafter
from lsp_agent.engine.llama.generation import Generation, Sink
from lsp_agent.engine.llama.library import REQUIRED_VERSION, AbortFlag, build_name, library
from lsp_agent.engine.llama.model import LoadedModel, check_model, layer_attempts
from lsp_agent.engine.llama.prefixes import PrefixStore
from lsp_agent.engine.llama.prompt import Prompt, PromptBuilder
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.llama.scheduler import Scheduler
from lsp_agent.engine.llama.slots import SlotCache
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import (
    ContextOverflowError,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Fim,
    Request,
)

_MIN_ROOM = 16
_LOOKUP_TOKENS = 8192
_log = logging.getLogger(__name__)


class Runtime:
    """Weights, context and tokenizer of one model. Loading takes from 10 ms to many seconds.

    ``stopping`` is the flag that ends a decode which is running; ``scheduler`` does the work, a
    batch a step. ``prefixes`` is a folder for the beginnings of prompts that come again.
    """

    def __init__(
        self,
        path: Path,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
        prefixes: Path | None = None,
    ) -> None:
        self._lib = library()
        self.stopping = AbortFlag()
        self._embedder: Context | None = None
        self._freed = False
        self._tokenizing = threading.Lock()
        self._open(path, settings, cancel, progress)
        self._control = self.vocab.control_tokens()
        self._drafts = settings.drafts
        self._drafter = self._load_drafter(settings, cancel, progress)
        rolls_back = self._model.rolls_back
        self._slots = SlotCache(self._context, rolls_back=rolls_back)
        fingerprint = self._fingerprint(settings)
        self._digest = sha256(f"{fingerprint}|{settings.chat_template}".encode()).hexdigest()[:32]
        store = PrefixStore(prefixes, fingerprint)
        self.scheduler = Scheduler(
            self._context, self._slots, self.stopping, store, rolls_back=rolls_back
        )

    @property
    def n_ctx(self) -> int:
        """The context's size in tokens."""
        return self._context.n_ctx

    def describe(self, name: str) -> EngineInfo:
        """Describe the model as it is loaded; safe in any thread."""
        header, model = self._model.header, self._model
        build = build_name(self._lib)
        evaluated, reused = self.scheduler.evaluated, self.scheduler.reused
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
                "fingerprint": self._digest,
                "chat_template": self._has_template,
                **model.placement(build),
                "n_threads": model.n_threads,
                "n_seq_max": self._context.n_seq,
                "context_used": self._slots.used,
                "prompt_tokens_evaluated": evaluated,
                "prompt_tokens_reused": reused,
                "drafted_tokens": self.scheduler.costs.drafted,
                "accepted_tokens": self.scheduler.costs.accepted,
                "cache_hit_ratio": round(reused / max(reused + evaluated, 1), 4),
            },
        )

    def count_tokens(self, text: str) -> int:
        """Count tokens; safe in any thread, also while the model is freed."""
        with self._tokenizing:
            if self._freed:
                raise EngineUnavailableError("the engine is closed")
            return len(self.vocab.tokenize(text))

    def start(self, request: Request, sink: Sink, cancel: CancelToken) -> None:
        """Take a request in; its deltas go to ``sink`` while :meth:`step` is called.

        Raises what is wrong with the request itself, before anything is evaluated.
        """
        if not self._context.remembers:
            raise EngineError(
                f"{self._model.header.path.name} can't write text; choose a model that generates"
            )
        prompt = self._prompts.build(request.prompt)
        room = self.n_ctx - len(prompt.tokens)
        if room < _MIN_ROOM:
            raise ContextOverflowError(len(prompt.tokens), self.n_ctx)
        sampler = Sampler(
            self._lib,
            self.vocab,
            request.sampling,
            grammar=request.grammar,
            banned=self._banned(request),
        )
        self.scheduler.add(
            Generation(
                request,
                prompt,
                sampler,
                self.vocab,
                min(request.max_tokens, room - 1),
                sink,
                cancel,
                self._lookup(request, prompt),
                self.scheduler.costs,
                self._drafter,
                self._prompts.remember,
            )
        )

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> Iterator[list[float]]:
        """Yield one unit vector a text."""
        if not self._model.embeds:
            raise EngineError(
                f"{self._model.header.path.name} is not an embedding model; choose one that is"
            )
        if self._embedder is None:
            self._embedder = self._model.embedder(self.vocab.size, self.stopping)
        for text in texts:
            with self.stopping.follow([cancel]):
                vector = self._embed_one(self._embedder, text, cancel)
            yield vector

    def free(self) -> None:
        """Free contexts, then weights: the other order crashes. May be called twice."""
        with self._tokenizing:
            if self._freed:
                return
            self._freed = True
            for part in (self._embedder, self._drafter):
                if part is not None:
                    part.free()
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
        attempts = list(layer_attempts(self._lib, header, settings.n_gpu_layers, settings))
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
            self._prompts = PromptBuilder(self.vocab, source, model.header.path.name)
            self._context = model.context(self.vocab.size, self.stopping, shrink=shrink)
        except BaseException:
            model.free()
            raise
        self._model = model

    def _load_drafter(
        self, settings: LlamaSettings, cancel: CancelToken, progress: Callable[[float], None]
    ) -> Drafter | None:
        if settings.draft_model is None or not self._model.rolls_back:
            return None
        path = Path(settings.draft_model)
        try:
            return Drafter(self._lib, path, settings, self.vocab, self.stopping, cancel, progress)
        except BaseException:
            self._context.free()
            self._model.free()
            raise

    def _fingerprint(self, settings: LlamaSettings) -> str:
        """Name all that a saved memory depends on."""
        path = self._model.header.path
        stat = path.stat()
        parts = (
            REQUIRED_VERSION, path.resolve(), stat.st_size, stat.st_mtime_ns, settings.type_k,
            settings.type_v, settings.flash_attn, settings.lora,
        )  # fmt: skip
        return "|".join(map(str, parts))

    def _banned(self, request: Request) -> Sequence[int]:
        # A grammar matches control tokens by their text, so they would end up inside strings; a
        # gap filled in the middle must not open another one.
        constrained = request.grammar is not None or isinstance(request.prompt, Fim)
        return self._control if constrained else ()

    def _lookup(self, request: Request, prompt: Prompt) -> Lookup | None:
        """Index what the answer may repeat; memory that can't roll back can't take drafts."""
        if not (self._drafts and self._model.rolls_back):
            return None

        def texts() -> list[int]:
            beside = [token for text in request.reference for token in self.vocab.tokenize(text)]
            return [*beside, *prompt.tokens][-_LOOKUP_TOKENS:]

        return Lookup(texts)

    def _embed_one(self, context: Context, text: str, cancel: CancelToken) -> list[float]:
        cancel.check()
        tokens = self.vocab.tokenize_whole(text) or [max(self.vocab.bos, 0)]
        if len(tokens) > context.n_batch:
            raise ContextOverflowError(len(tokens), context.n_batch)
        context.clear(0)
        try:
            context.decode([Part(0, tokens, outputs=len(tokens))])
        except Aborted:
            cancel.check()
            raise DecodeError("the evaluation was interrupted; ask again") from None
        pointer: Any = self._lib.llama_get_embeddings_seq(context.ctx, 0)
        if not pointer:
            raise EngineError("the model gave no embedding for this text")
        size = self._lib.llama_model_n_embd(self._model.model)
        vector = np.ctypeslib.as_array(pointer, shape=(size,)).astype(np.float64)
        return [float(x) for x in vector / (np.linalg.norm(vector) or 1.0)]
