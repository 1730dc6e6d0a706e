"""One inline completion: the gap at the cursor, filled by the model and cut to what is wanted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from lsp_agent.agent.abilities import unable
from lsp_agent.agent.forms.spec import literal
from lsp_agent.cancel import CancelToken
from lsp_agent.context.completion import GENERAL, NARROW, gap_at
from lsp_agent.engine.types import Engine, EngineUnavailableError, Fim, Job, Request, Usage
from lsp_agent.errors import LspAgentError
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

JOB = "completion"
MAX_TOKENS_LINE, MAX_TOKENS_BLOCK = 64, 160
_MAX_LINES = 8
_POOL, _MAX_FILES = 1_500_000, 200
# What byte-level tokenizers keep together: a word with the mark or space before it, a run of marks.
_LAST_PIECE = re.compile(r"(?:[^\r\n\w]?[A-Za-z]+|_[A-Za-z]*|\d{1,3}| ?[^\s\w]+|[ \t]+)$")
_CLOSERS = " \t)]}\"',:;"


@dataclass(frozen=True, slots=True)
class Completion:
    """What to insert at the cursor, ``""`` for nothing; times in milliseconds.

    ``source`` tells what the model wrote from what was found elsewhere in the workspace.
    """

    text: str
    usage: Usage
    first_token_ms: float
    total_ms: float
    source: Literal["model", "lookup"] = "model"


def complete(
    engine: Engine, overlay: Overlay, path: str, position: Position, cancel: CancelToken
) -> Completion:
    """Complete the line at a position, or the block that it opens.

    Raises :class:`EngineUnavailableError` where the model can't, and what ``generate`` raises.
    """
    started = time.monotonic()
    info = engine.info() if engine.info().loaded else engine.load(cancel)
    reason = unable(info, JOB, path)
    if not reason and not info.fim:
        reason = (
            f"{info.model} was not trained to fill in the middle; choose a model that was for "
            "routes.completion"
        )
    if reason:
        raise EngineUnavailableError(reason)
    text = Text(overlay.read(path))
    rest = text.line(position.line)[position.character :]
    if rest.strip(_CLOSERS):
        # In the middle of code there is no telling where an answer should end.
        return Completion("", Usage(), 0.0, _since(started))
    windows = NARROW if info.jobs else GENERAL
    gap = gap_at(text, position, windows, list(nearby_sources(overlay, path)))
    block = opens_block(text, position)
    kept, partial = heal(gap.prefix) if info.grammar else (gap.prefix, "")
    request = Request(
        Fim(kept, gap.suffix, path, (gap.snippet,) if gap.snippet else ()),
        grammar=f"root ::= {literal(partial)} [^\\x00]*\n" if partial else None,
        max_tokens=MAX_TOKENS_BLOCK if block else MAX_TOKENS_LINE,
        stop=() if block else ("\n",),
        job=Job.COMPLETION,
    )
    if info.jobs and gap.known and not block:
        # A narrow model is right less often than a repository that repeats itself.
        found = without_overlap(gap.known, rest)
        return Completion(found, Usage(), _since(started), _since(started), "lookup")
    done = _ask(engine, request, started, cancel)
    answer = done.text.removeprefix(partial)
    answer = cut_block(answer, indentation(text, position)) if block else answer.partition("\n")[0]
    return replace(done, text=without_overlap(answer.rstrip(), rest), total_ms=_since(started))


def _ask(engine: Engine, request: Request, started: float, cancel: CancelToken) -> Completion:
    """Return what the model writes; nothing for a line that finds no end: it goes in circles."""
    parts: list[str] = []
    usage, first, ended = Usage(), 0.0, False
    for delta in engine.generate(request, cancel):
        if delta.text and not first:
            first = _since(started)
        parts.append(delta.text)
        usage = delta.usage or usage
        ended = delta.finish == "stop"
    text = "".join(parts) if ended or not request.stop else ""
    return Completion(text, usage, first, 0.0)


def heal(prefix: str) -> tuple[str, str]:
    """Split a prefix before its last word, mark or white space, which the answer must repeat.

    A model has seen texts cut into tokens from their start; a cursor cuts anywhere. So the last
    piece is taken back and written again as the beginning of the answer ("token healing", as in
    Microsoft's guidance).
    """
    match = _LAST_PIECE.search(prefix)
    at = match.start() if match else len(prefix)
    return prefix[:at], prefix[at:]


def nearby_sources(overlay: Overlay, path: str) -> Iterator[str]:
    """Yield texts of the same language, the nearest folders' first, up to 1.5 MB."""
    language, size, count = language_of(path), 0, 0
    folder = PurePosixPath(path).parent
    seen = {path}
    for top in (folder, *folder.parents):
        for other in overlay.walk("" if str(top) == "." else str(top)):
            if other in seen or language_of(other) != language:
                continue
            seen.add(other)
            try:
                source = overlay.read(other)
            except LspAgentError:
                continue
            size, count = size + len(source), count + 1
            yield source
            if size > _POOL or count >= _MAX_FILES:
                return


def opens_block(text: Text, position: Position) -> bool:
    """Whether the cursor stands on an empty line behind one that opens a block."""
    if text.line(position.line).strip():
        return False
    above = next(
        (
            line
            for number in range(position.line - 1, -1, -1)
            if (line := text.line(number).rstrip())
        ),
        "",
    )
    return above.endswith((":", "{", "(", "["))


def indentation(text: Text, position: Position) -> int:
    """Return the width of the white space before the cursor."""
    line = text.line(position.line)[: position.character]
    return len(line) - len(line.lstrip())


def cut_block(answer: str, indent: int) -> str:
    """Return the lines of an answer that belong to the block that it begins."""
    kept: list[str] = []
    for line in answer.split("\n")[:_MAX_LINES]:
        outside = bool(kept) and line.strip() != "" and len(line) - len(line.lstrip()) < indent
        if outside:
            break
        kept.append(line)
    return "\n".join(kept)


def without_overlap(answer: str, rest: str) -> str:
    """Return an answer without the end that already stands behind the cursor."""
    rest = rest.rstrip()
    for length in range(min(len(answer), len(rest)), 0, -1):
        if answer.endswith(rest[:length]):
            return answer[:-length]
    return answer


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
