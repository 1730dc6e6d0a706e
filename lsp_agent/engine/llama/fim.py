"""Filling in the middle: which tokens a model knows for it, and in which order it was trained.

A GGUF file may name the tokens. Most don't: llama.cpp then looks for their text, and what it does
not look for is in a small table here, with what no file tells: the order of the parts and how
texts of other files are set apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lsp_agent.engine.types import Fim

if TYPE_CHECKING:
    from lsp_agent.engine.llama.vocab import Vocab

Order = Literal["psm", "spm", "joint"]
"""How the parts follow each other, each behind its mark.

``psm``: prefix, suffix, middle. ``spm``: suffix, prefix, middle. ``joint``: suffix first as well,
but between the marks of prefix and middle, so that the answer goes on where the prefix ends
(Bavarian et al., "Efficient Training of Language Models to Fill in the Middle", 2022).
"""


@dataclass(frozen=True, slots=True)
class FimTokens:
    """Token ids of a fill-in-the-middle prompt.

    ``middle`` is -1 where nothing stands behind the prefix. ``file`` separates texts of other
    places, ``repo`` stands before the repository's name. ``path_in_prefix``: the file's own name
    belongs behind the prefix's mark, not before it.
    """

    prefix: int
    suffix: int
    middle: int
    file: int | None = None
    repo: int | None = None
    order: Order = "psm"
    path_in_prefix: bool = False


@dataclass(frozen=True, slots=True)
class _Family:
    """Models that spell their marks (prefix, suffix, middle) alike.

    ``name`` must occur in what the file calls itself: some vocabularies hold marks that only one
    of their models was trained with.
    """

    marks: tuple[str, str, str]
    order: Order = "psm"
    file: tuple[str, ...] = ()
    repo: tuple[str, ...] = ()
    path_in_prefix: bool = False
    name: str = ""


_STAR = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_FAMILIES = (
    _Family(_STAR, "spm", ("<filename>",), name="mellum"),
    _Family(_STAR, "psm", ("<file_sep>",), ("<repo_name>",), path_in_prefix=True),
    # Qwen, CodeGemma.
    _Family(
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        file=("<|file_sep|>", "<|file_separator|>"),
        repo=("<|repo_name|>",),
    ),
    _Family(("<fim-prefix>", "<fim-suffix>", "<fim-middle>")),
    # DeepSeek-Coder, GLM, Seed-Coder.
    _Family(("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>")),
    _Family(("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>")),
    _Family(("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"), "spm"),
    _Family(("[PREFIX]", "[SUFFIX]", ""), "spm", name="codestral"),
)
_NAMES = ("general.architecture", "general.name", "general.basename")


def find_fim(vocab: Vocab) -> FimTokens | None:
    """Return a model's tokens; ``None`` for one that knows none."""
    name = " ".join(vocab.metadata(key) or "" for key in _NAMES).lower()
    families = [family for family in _FAMILIES if family.name in name]
    ids = _told(vocab) or next(_spelled(vocab, families), None)
    if ids is None:
        return None
    prefix, suffix, middle = ids
    found = FimTokens(prefix, suffix, middle, file=_mark(vocab, "sep"), repo=_mark(vocab, "rep"))
    texts = (vocab.text(prefix), vocab.text(suffix), vocab.text(middle))
    family = next((one for one in families if one.marks[:2] == texts[:2]), None)
    if family is not None:
        found = replace(
            found,
            middle=middle if family.marks[2] else -1,
            order=family.order,
            file=_first(vocab, family.file) if found.file is None else found.file,
            repo=_first(vocab, family.repo) if found.repo is None else found.repo,
            path_in_prefix=family.path_in_prefix,
        )
    # The key is ours: a model that training/ made.
    own = vocab.metadata("lsp_agent.fim_order") == "spm"
    return replace(found, order="joint") if own else found


def lay_out(
    marks: FimTokens, fim: Fim, tokenize: Callable[[str], list[int]]
) -> tuple[list[int], int]:
    """Return a prompt's tokens, without a mark at its begin, and how many don't change by typing.

    Snippets are given where the model has a mark to set them apart; with their paths, and then
    with the repository's and this file's name too, where the request names them.
    """
    named = bool(fim.snippet_paths) and marks.file is not None
    own = tokenize(f"{fim.path}\n") if named and fim.path else []
    head = _surroundings(marks, fim, tokenize, named=named)
    if own and marks.file is not None:
        head += [marks.file, *([] if marks.path_in_prefix else own)]
    before = [marks.prefix, *(own if marks.path_in_prefix else [])]
    prefix, suffix = tokenize(fim.prefix), tokenize(fim.suffix)
    middle = [marks.middle] if marks.middle >= 0 else []
    if marks.order == "psm":
        tokens = [*before, *prefix, marks.suffix, *suffix, *middle]
    elif marks.order == "spm":
        tokens = [marks.suffix, *suffix, *before, *prefix, *middle]
    else:
        tokens = [*before, marks.suffix, *suffix, *middle, *prefix]
    return head + tokens, len(head)


def _surroundings(
    marks: FimTokens, fim: Fim, tokenize: Callable[[str], list[int]], *, named: bool
) -> list[int]:
    tokens: list[int] = []
    if named and marks.repo is not None and fim.repo:
        # StarCoder2 was trained without a line end here.
        tokens += [marks.repo, *tokenize(fim.repo if marks.path_in_prefix else f"{fim.repo}\n")]
    if marks.file is not None:
        paths = fim.snippet_paths if named else ("",) * len(fim.snippets)
        for path, snippet in zip(paths, fim.snippets, strict=True):
            tokens += [marks.file, *tokenize(f"{path}\n{snippet}" if path else snippet)]
    return tokens


def _told(vocab: Vocab) -> tuple[int, int, int] | None:
    """Return the ids that the file names, in its newer keys or the older ones."""
    for keys in (("fim_pre", "fim_suf", "fim_mid"), ("prefix", "suffix", "middle")):
        prefix, suffix, middle = (_id(vocab, f"tokenizer.ggml.{key}_token_id") for key in keys)
        # Codestral has no token for the middle.
        if prefix >= 0 and suffix >= 0:
            return prefix, suffix, middle
    return None


def _spelled(vocab: Vocab, families: list[_Family]) -> Iterator[tuple[int, int, int]]:
    """Yield ids found by their texts: llama.cpp's finding, then the table's."""
    found = vocab.known_fim("pre"), vocab.known_fim("suf"), vocab.known_fim("mid")
    if min(found) >= 0:
        yield found
    for family in families:
        prefix, suffix, middle = (vocab.token_of(text) if text else -1 for text in family.marks)
        if min(prefix, suffix) >= 0 and (middle >= 0 or not family.marks[2]):
            yield prefix, suffix, middle


def _mark(vocab: Vocab, part: str) -> int | None:
    told = _id(vocab, f"tokenizer.ggml.fim_{part}_token_id")
    found = told if told >= 0 else vocab.known_fim(part)
    return found if found >= 0 else None


def _first(vocab: Vocab, texts: tuple[str, ...]) -> int | None:
    return next((token for text in texts if (token := vocab.token_of(text)) >= 0), None)


def _id(vocab: Vocab, key: str) -> int:
    value = vocab.metadata(key) or ""
    return int(value) if value.isdecimal() and int(value) < vocab.size else -1
