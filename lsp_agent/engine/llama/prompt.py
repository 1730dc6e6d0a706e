"""From a prompt of the protocol to tokens."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from lsp_agent.engine.llama.fim import lay_out
from lsp_agent.engine.llama.template import ChatTemplate
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import Chat, EngineError, Fim

_KNOWN, _WORTH_KEEPING = 256, 64


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the model gets it.

    ``last_message`` is the index where the last message's content begins: what stands before it
    comes again in the next request. ``stable`` is where the system message and what the template
    puts around it end: that comes again in other conversations; 0 without one. ``opens_thinking``:
    the template has opened the tag already.
    """

    tokens: list[int]
    last_message: int
    opens_thinking: bool = False
    stable: int = 0


class PromptBuilder:
    """Renders and tokenizes prompts for one model. ``template`` is Jinja source, or ``None``.

    A chat's ``tools`` are not rendered: the engine has no native tools, so whoever offers some
    writes them into the messages, in a format of its own.
    """

    def __init__(self, vocab: Vocab, template: str | None, model: str) -> None:
        self._vocab = vocab
        self._model = model
        self._known: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._template = ChatTemplate(
            template, bos=vocab.text(vocab.bos), eos=vocab.text(vocab.eos)
        )

    def build(self, prompt: Chat | Fim) -> Prompt:
        """Return the tokens. Raises :class:`EngineError` where the model can't be asked so."""
        return self._fim(prompt) if isinstance(prompt, Fim) else self._chat(prompt)

    def remember(self, text: str, tokens: list[int]) -> None:
        """Take note of an answer's own tokens: a model seldom draws those that its text has.

        When the answer comes back as a message, it finds itself in memory.
        """
        with self._lock:
            self._known.pop(text, None)
            self._known[text] = tokens
            while len(self._known) > _KNOWN:
                del self._known[next(iter(self._known))]

    def _content(self, text: str) -> list[int]:
        """Return a message's tokens; those of long ones are kept, since they come again."""
        with self._lock:
            known = self._known.get(text)
        if known is None:
            known = self._vocab.tokenize(text)
            if len(known) >= _WORTH_KEEPING:
                self.remember(text, known)
        return known

    def _chat(self, chat: Chat) -> Prompt:
        vocab = self._vocab
        tokens = [vocab.bos] if vocab.adds_bos else []
        starts = []
        pieces = self._template.render(chat.messages)
        for text, is_content in pieces:
            if is_content:
                starts.append(len(tokens))
            tokens += self._content(text) if is_content else vocab.tokenize(text, special=True)
        if vocab.adds_bos and tokens[:2] == [vocab.bos] * 2:
            # The template wrote it as well.
            del tokens[0]
            starts = [max(start - 1, 0) for start in starts]
        opens = bool(pieces) and pieces[-1][0].rstrip().endswith("<think>")
        led = len(starts) > 1 and chat.messages[0].role == "system"
        return Prompt(tokens, starts[-1] if starts else 0, opens, starts[1] if led else 0)

    def _fim(self, fim: Fim) -> Prompt:
        vocab, marks = self._vocab, self._vocab.fim
        if marks is None:
            raise EngineError(
                f"{self._model} was not trained to fill in the middle; choose a model with FIM "
                "tokens for routes.completion"
            )
        head = [vocab.bos] if vocab.adds_bos else []
        tokens, stable = lay_out(marks, fim, vocab.tokenize)
        return Prompt([*head, *tokens], len(head) + stable)
