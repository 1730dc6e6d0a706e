"""One inline completion: the gap at the cursor, filled by the model and cut to what is wanted."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

from lsp_agent.agent.abilities import unable
from lsp_agent.agent.answers import (
    CLOSERS,
    Block,
    fitted,
    opens_block,
    says_something,
    without_following,
    without_overlap,
)
from lsp_agent.agent.forms.spec import literal
from lsp_agent.cancel import CancelToken
from lsp_agent.context.completion import GENERAL, NARROW
from lsp_agent.context.surroundings import Surroundings
from lsp_agent.engine.types import (
    Engine,
    EngineInfo,
    EngineUnavailableError,
    Fim,
    Job,
    Request,
    Sampling,
    Usage,
)
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position

JOB = "completion"
MAX_TOKENS_LINE, MAX_TOKENS_BLOCK = 64, 160
_GREEDY = Sampling()
# Code has about three characters a token; two are on the safe side.
_CHARACTERS_A_TOKEN = 2
# What byte-level tokenizers keep together: a word with the mark or space before it, a run of marks.
_LAST_PIECE = re.compile(r"(?:[^\r\n\w]?[A-Za-z]+|_[A-Za-z]*|\d{1,3}| ?[^\s\w]+|[ \t]+)$")


@dataclass(frozen=True, slots=True)
class Completion:
    """What to insert at the cursor, ``""`` for nothing; times in milliseconds.

    ``source`` tells what the model wrote from what was found elsewhere in the workspace. Where an
    answer was broken off because no more of it was wanted, ``usage`` knows only its length.
    """

    text: str
    usage: Usage
    first_token_ms: float
    total_ms: float
    source: Literal["model", "lookup"] = "model"


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where something is to be inserted: the texts on the cursor's line and behind it."""

    document: SyntaxDocument
    position: Position
    before: str
    rest: str
    behind: str
    is_block: bool

    def block(self, answer: str, *, ended: bool) -> str:
        """Return the block that an answer begins with, as far as the text needs it."""
        block, closing = Block.read(self.before, answer).result(ended=ended)
        new = without_following(block, self.before, self.behind)
        return fitted(self.document, self.position, new, closing if new == block else "")

    def offered(self, answer: str) -> str:
        """Return what of a line or block is worth offering here."""
        answer = without_following(answer.rstrip(), self.before, self.behind)
        answer = without_overlap(answer, self.rest)
        return answer if says_something(answer, self.before, self.document.language) else ""


def complete(
    engine: Engine,
    overlay: Overlay,
    path: str,
    position: Position,
    cancel: CancelToken,
    *,
    surroundings: Surroundings | None = None,
    document: SyntaxDocument | None = None,
    sampling: Sampling = _GREEDY,
) -> Completion:
    """Complete the line at a position, or the block that it opens.

    ``surroundings`` are a session's; ``document`` is the text at ``path`` where it was parsed
    already. Raises :class:`EngineUnavailableError` where the model can't, and what ``generate``
    raises.
    """
    started = time.monotonic()
    info = _able(engine, path, cancel)
    if document is None:
        document = SyntaxDocument.read(path, overlay.read(path))
    gap = _gap(document, position)
    if gap.rest.strip(CLOSERS):
        # In the middle of code or of a word there is no telling where an answer should end.
        return Completion("", Usage(), 0.0, _since(started))
    request, partial, known = _request(info, overlay, path, gap, surroundings or Surroundings())
    if known:
        # A narrow model is right less often than a repository that repeats itself.
        return Completion(gap.offered(known), Usage(), _since(started), _since(started), "lookup")
    request = replace(request, sampling=sampling)
    done = _ask(engine, request, cancel, started, gap, partial)
    return replace(done, text=gap.offered(done.text), total_ms=_since(started))


def heal(prefix: str) -> tuple[str, str]:
    """Split a prefix before its last word, mark or white space, which the answer must repeat.

    A model has seen texts cut into tokens from their start; a cursor cuts anywhere. So the last
    piece is taken back and written again as the beginning of the answer ("token healing", as in
    Microsoft's guidance).
    """
    match = _LAST_PIECE.search(prefix)
    at = match.start() if match else len(prefix)
    return prefix[:at], prefix[at:]


def _able(engine: Engine, path: str, cancel: CancelToken) -> EngineInfo:
    info = engine.info()
    info = info if info.loaded else engine.load(cancel)
    reason = unable(info, JOB, path)
    if not reason and not info.fim:
        reason = (
            f"{info.model} was not trained to fill in the middle; choose a model that was for "
            "routes.completion"
        )
    if reason:
        raise EngineUnavailableError(reason)
    return info


def _gap(document: SyntaxDocument, position: Position) -> _Gap:
    text = document.text
    line = text.line(position.line)
    behind = text.content[text.offset(Position(position.line + 1, 0)) :]
    before, rest = line[: position.character], line[position.character :]
    return _Gap(document, position, before, rest, behind, opens_block(text, position))


def _request(
    info: EngineInfo, overlay: Overlay, path: str, gap: _Gap, surroundings: Surroundings
) -> tuple[Request, str, str]:
    """Return what to ask, the part of it that the answer repeats, and an answer known already."""
    known = ""
    snippets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    if info.jobs:
        shown = surroundings.narrow(overlay, path, gap.document, gap.position, NARROW)
        snippets = (shown.snippet,) if shown.snippet else ()
        known = "" if gap.is_block else shown.known
    else:
        room = (info.n_ctx - MAX_TOKENS_BLOCK) * _CHARACTERS_A_TOKEN
        place = surroundings.general(overlay, path, gap.document, gap.position, GENERAL, room)
        shown = place.gap
        snippets = tuple(piece.text for piece in place.pieces)
        paths = tuple(piece.path for piece in place.pieces)
    kept, partial = heal(shown.prefix) if info.grammar else (shown.prefix, "")
    name = overlay.root.path.name if paths and overlay.root else ""
    request = Request(
        Fim(kept, shown.suffix, path, snippets, paths, name),
        grammar=f"root ::= {literal(partial)} [^\\x00]*\n" if partial else None,
        max_tokens=MAX_TOKENS_BLOCK if gap.is_block else MAX_TOKENS_LINE,
        stop=() if gap.is_block else ("\n",),
        job=Job.COMPLETION,
    )
    return request, partial, known


def _ask(
    engine: Engine, request: Request, cancel: CancelToken, started: float, gap: _Gap, partial: str
) -> Completion:
    """Return the line or block that the model writes, without ``partial`` at its begin.

    A block's generation is broken off as soon as the block is over.
    """
    answer, pieces, usage, first, ended = "", 0, Usage(), 0.0, False
    deltas = engine.generate(request, cancel)
    try:
        for delta in deltas:
            if delta.text:
                first = first or _since(started)
                answer, pieces = answer + delta.text, pieces + 1
            usage = delta.usage or usage
            ended = delta.finish == "stop"
            if gap.is_block and Block.read(gap.before, answer.removeprefix(partial)).over:
                usage = delta.usage or Usage(completion=pieces)
                break
    finally:
        # Closing is what stops the engine.
        if isinstance(deltas, Generator):
            deltas.close()
    answer = answer.removeprefix(partial)
    if gap.is_block:
        return Completion(gap.block(answer, ended=ended), usage, first, 0.0)
    # A line that finds no end goes in circles.
    return Completion(answer.partition("\n")[0] if ended else "", usage, first, 0.0)


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
