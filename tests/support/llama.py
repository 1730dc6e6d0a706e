"""Shortcuts for tests that use the in-process engine on real llama.cpp."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import read_gguf_header
from lsp_agent.engine.llama.context import Context
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.library import AbortFlag, library
from lsp_agent.engine.llama.model import LoadedModel
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import Chat, Engine, Message, Request, Role, Usage


@contextmanager
def llama_engine(path: Path, **settings: Any) -> Iterator[LlamaEngine]:
    """Give an engine that is closed at the end.

    It has one thread unless told otherwise: tiny models gain nothing from more, and on a busy
    machine threads that wait for each other make them a hundred times slower.
    """
    engine = LlamaEngine("local", LlamaSettings(**{"n_threads": 1} | settings), path)
    try:
        yield engine
    finally:
        engine.close()


def chat(*contents: str) -> Chat:
    """Return a chat whose turns alternate between the user and the assistant."""
    roles: tuple[Role, Role] = ("user", "assistant")
    return Chat(tuple(Message(roles[at % 2], text) for at, text in enumerate(contents)))


def complete(engine: Engine, request: Request) -> tuple[str, Usage]:
    """Return an answer's text and its usage."""
    deltas = list(engine.generate(request, CancelToken()))
    usage = deltas[-1].usage
    assert usage is not None
    return "".join(delta.text for delta in deltas), usage


@dataclass(frozen=True)
class Parts:
    """A model's pieces without an engine around them."""

    lib: Any
    model: LoadedModel
    vocab: Vocab
    context: Context
    abort: AbortFlag


@contextmanager
def llama_parts(path: Path, **settings: Any) -> Iterator[Parts]:
    """Load a model in this thread."""
    lib, abort = library(), AbortFlag()
    chosen = LlamaSettings(**{"n_threads": 1} | settings)
    model = LoadedModel(lib, read_gguf_header(path), chosen, CancelToken(), lambda _: None)
    vocab = Vocab(lib, model.model)
    context = model.context(vocab.size, abort)
    try:
        yield Parts(lib, model, vocab, context, abort)
    finally:
        context.free()
        model.free()


@contextmanager
def vocabulary_of(path: Path) -> Iterator[Vocab]:
    """Load the vocabulary of a file that may have no weights."""
    lib = library()
    params = lib.llama_model_default_params()
    params.vocab_only = True
    model = lib.llama_model_load_from_file(str(path).encode(), params)
    try:
        yield Vocab(lib, model)
    finally:
        lib.llama_model_free(model)


class PatchedLibrary:
    """The library with some functions replaced, to act out failures that can't be provoked."""

    def __init__(self, lib: Any, **replacements: Any) -> None:
        self._lib = lib
        self._replacements = replacements

    def __getattr__(self, name: str) -> Any:
        return self._replacements.get(name) or getattr(self._lib, name)


ENDLESS = Request(chat("word " * 20), max_tokens=8000, grammar="root ::= [ab] root")
"""An answer that takes longer than any test."""

SHORT = Request(chat("hello"), max_tokens=8)

LONG_PROMPT = Request(chat("a long text " * 1200), max_tokens=8)
"""A prompt of more than a hundred batches."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when a condition holds; fail when that takes unreasonably long."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.001)
