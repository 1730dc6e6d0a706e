"""FIM tokens of real vocabularies, and prompts laid out as their models were trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import gguf
import pytest

import lsp_agent
from lsp_agent.engine.llama.fim import FimTokens, lay_out
from lsp_agent.engine.llama.prompt import PromptBuilder
from lsp_agent.engine.llama.tiny import byte_symbols
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import Fim
from tests.support.llama import llama_parts, vocabulary_of

STAR = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
SEED = ("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>")
Open = Callable[..., Vocab]


@contextmanager
def vocabulary(path: Path, special: Sequence[str], name: str, ids: dict[str, int]) -> Iterator[Any]:
    """Give the vocabulary of a file without weights: bytes, then special tokens from 256 on."""
    tokens = [*byte_symbols(), *special]
    kinds = gguf.TokenType
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.NORMAL] * 256 + [kinds.CONTROL] * len(special))
    writer.add_token_merges(["t h"])
    for key, value in ids.items():
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with vocabulary_of(path) as found:
        yield found


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def make(*special: str, name: str = "model", **ids: int) -> Vocab:
            path = tmp_path / "vocab.gguf"
            return stack.enter_context(vocabulary(path, special, name, ids))

        yield make


def test_ids_of_the_file_come_first(opened: Open) -> None:
    marks = ("<a>", "<b>", "<c>", "<d>", *STAR)
    told = opened(*marks, fim_pre=256, fim_suf=257, fim_mid=258, fim_sep=259).fim
    assert told == FimTokens(256, 257, 258, file=259)


def test_the_older_keys_are_read(opened: Open) -> None:
    old = opened("<a>", "<b>", "<c>", prefix=256, suffix=257, middle=258).fim
    assert old == FimTokens(256, 257, 258)


def test_an_id_beyond_the_vocabulary_is_none(opened: Open) -> None:
    assert opened("<a>", "<b>", fim_pre=256, fim_suf=257, fim_mid=9999).fim == FimTokens(
        256, 257, -1
    )
    assert opened("<a>", fim_pre=9999, fim_suf=256, fim_mid=256).fim is None


@pytest.mark.parametrize(
    ("special", "name", "expected"),
    [
        (SEED, "Seed-Coder", FimTokens(256, 257, 258, order="spm")),
        (("[PREFIX]", "[SUFFIX]"), "Codestral 22B", FimTokens(256, 257, -1, order="spm")),
        # The same vocabulary, but never trained for it.
        (("[PREFIX]", "[SUFFIX]"), "Devstral Small", None),
        (
            (*STAR, "<file_sep>", "<repo_name>"),
            "starcoder2",
            FimTokens(256, 257, 258, file=259, repo=260, path_in_prefix=True),
        ),
        (
            (*STAR, "<filename>"),
            "Mellum-4b-base",
            FimTokens(256, 257, 258, file=259, order="spm"),
        ),
        (
            ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
            "GLM-4.5",
            FimTokens(256, 257, 258),
        ),
        (
            ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
            "deepseek-coder",
            FimTokens(256, 257, 258),
        ),
        (
            ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"),
            "codegemma",
            FimTokens(256, 257, 258, file=259),
        ),
        (("<|im_start|>",), "chat", None),
    ],
)
def test_families(
    opened: Open, special: Sequence[str], name: str, expected: FimTokens | None
) -> None:
    assert opened(*special, name=name).fim == expected


def test_the_begin_of_another_file_ends_an_answer(opened: Open) -> None:
    vocab = opened(*STAR, "<file_sep>", "<repo_name>", name="starcoder2")
    assert vocab.is_end(259)
    assert vocab.is_end(260)
    assert not vocab.is_end(256)


def laid_out(marks: FimTokens, fim: Fim) -> tuple[str, str]:
    """Return a prompt as text, in its two parts: marks are ``<P>``, ``<S>``, ``<M>`` …."""
    names = {1: "<P>", 2: "<S>", 3: "<M>", 4: "<F>", 5: "<R>"}
    tokens, stable = lay_out(marks, fim, lambda text: [ord(char) + 100 for char in text])
    texts = [names.get(token) or chr(token - 100) for token in tokens]
    return "".join(texts[:stable]), "".join(texts[stable:])


GAP = Fim("pre", "suf", "a.py", ("one", "two"))
NAMED = Fim("pre", "suf", "a.py", ("one", "two"), ("b.py", "c.py"), "shop")


@pytest.mark.parametrize(
    ("marks", "fim", "expected"),
    [
        (FimTokens(1, 2, 3), GAP, ("", "<P>pre<S>suf<M>")),
        (FimTokens(1, 2, 3), NAMED, ("", "<P>pre<S>suf<M>")),
        (FimTokens(1, 2, 3, 4), GAP, ("<F>one<F>two", "<P>pre<S>suf<M>")),
        (FimTokens(1, 2, 3, 4, order="joint"), GAP, ("<F>one<F>two", "<P><S>suf<M>pre")),
        (FimTokens(1, 2, -1, order="spm"), GAP, ("", "<S>suf<P>pre")),
        (
            FimTokens(1, 2, 3, 4, 5),
            NAMED,
            ("<R>shop\n<F>b.py\none<F>c.py\ntwo<F>a.py\n", "<P>pre<S>suf<M>"),
        ),
        (
            FimTokens(1, 2, 3, 4, 5, path_in_prefix=True),
            NAMED,
            ("<R>shop<F>b.py\none<F>c.py\ntwo<F>", "<P>a.py\npre<S>suf<M>"),
        ),
        (
            FimTokens(1, 2, 3, 4, order="spm"),
            NAMED,
            ("<F>b.py\none<F>c.py\ntwo<F>a.py\n", "<S>suf<P>pre<M>"),
        ),
    ],
)
def test_layouts(marks: FimTokens, fim: Fim, expected: tuple[str, str]) -> None:
    assert laid_out(marks, fim) == expected


def test_the_embedded_model_gets_the_prompt_that_it_was_trained_with() -> None:
    path = Path(lsp_agent.__file__).parent / "engine/embedded/embedded.gguf"
    with llama_parts(path, n_ctx=512) as parts:
        vocab = parts.vocab
        marks, of = vocab.fim, vocab.tokenize
        assert marks is not None
        assert marks.order == "joint"
        fim = Fim("x = f(", ")\n", "a.py", ("y = f(1)\n",))
        built = PromptBuilder(vocab, None, "m").build(fim)
        head = [vocab.bos] if vocab.adds_bos else []
        head += [marks.file, *of("y = f(1)\n")] if marks.file is not None else []
        around = [marks.prefix, marks.suffix, *of(")\n"), marks.middle, *of("x = f(")]
        assert built.tokens == [*head, *around]
