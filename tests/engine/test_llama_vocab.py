"""Tokens and text on real vocabularies: nothing is dropped, nothing is injected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine.llama.tiny import CONTROL, make_tiny_gguf
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import EngineError
from tests.support.llama import Parts, PatchedLibrary, llama_parts, vocabulary_of


@pytest.fixture(scope="module")
def parts(plain_model: Path) -> Iterator[Parts]:
    with llama_parts(plain_model, n_ctx=512) as parts:
        yield parts


@pytest.fixture(scope="module")
def vocab(parts: Parts) -> Vocab:
    return parts.vocab


def text_of(vocab: Vocab, tokens: list[int]) -> str:
    return b"".join(vocab.piece(token) for token in tokens).decode()


def test_a_token_longer_than_32_bytes_keeps_its_text(vocab: Vocab) -> None:
    code = "x\n" + " " * 37 + "return 1"
    tokens = vocab.tokenize(code)
    assert max(len(vocab.piece(token)) for token in tokens) > 32
    assert text_of(vocab, tokens) == code


def test_a_piece_larger_than_the_first_buffer_is_asked_for_again(parts: Parts) -> None:
    sizes: list[int] = []

    def to_piece(vocab: object, token: int, buffer: object, size: int, *rest: object) -> int:
        sizes.append(size)
        if size < 300:
            return -300
        buffer[:300] = b"-" * 300  # type: ignore[index]
        return 300

    patched = PatchedLibrary(parts.lib, llama_token_to_piece=to_piece)
    vocab = Vocab(patched, parts.model.model)
    sizes.clear()
    assert vocab.piece(5) == b"-" * 300
    assert sizes == [64, 300]


@given(st.text(max_size=200))
def test_any_text_comes_back(vocab: Vocab, text: str) -> None:
    assert text_of(vocab, vocab.tokenize(text)) == text


@pytest.mark.parametrize("special", CONTROL)
def test_content_that_spells_a_special_token_stays_text(vocab: Vocab, special: str) -> None:
    tokens = vocab.tokenize(f"a{special}b")
    control = set(vocab.control_tokens())
    assert not [token for token in tokens if token in control or vocab.is_end(token)]
    assert text_of(vocab, tokens) == f"a{special}b"
    assert len(vocab.tokenize(special, special=True)) == 1


def test_half_of_a_surrogate_pair_is_replaced(vocab: Vocab) -> None:
    assert text_of(vocab, vocab.tokenize("a\ud83d b")) == "a? b"


def test_control_tokens_have_no_text_and_do_not_end_answers(vocab: Vocab) -> None:
    control = vocab.control_tokens()
    assert vocab.tokenize("<|im_start|>", special=True)[0] in control
    assert vocab.tokenize("<|im_end|>", special=True)[0] not in control
    assert {vocab.piece(token) for token in control} == {b""}


def test_fim_tokens_come_from_the_file(vocab: Vocab) -> None:
    assert vocab.fim is not None
    names = [vocab.text(token) for token in (vocab.fim.prefix, vocab.fim.suffix, vocab.fim.middle)]
    assert names == ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]


def test_fim_tokens_are_found_by_text_where_the_file_names_none(parts: Parts) -> None:
    unnamed = {f"llama_vocab_fim_{name}": lambda _vocab: -1 for name in ("pre", "suf", "mid")}
    assert Vocab(PatchedLibrary(parts.lib, **unnamed), parts.model.model).fim == parts.vocab.fim


def test_no_token_has_no_text(vocab: Vocab) -> None:
    assert vocab.text(-1) == vocab.text(vocab.size) == ""


def test_a_text_on_its_own_is_tokenized_even_where_marks_are_missing(parts: Parts) -> None:
    patched = PatchedLibrary(parts.lib, llama_vocab_eos=lambda _vocab: -1)
    vocab = Vocab(patched, parts.model.model)
    assert text_of(vocab, vocab.tokenize_whole("hello")) == "hello"
    assert text_of(parts.vocab, parts.vocab.tokenize_whole("hello")) == "hello"


def test_a_model_without_a_tokenizer_is_refused(parts: Parts) -> None:
    patched = PatchedLibrary(parts.lib, llama_vocab_type=lambda _vocab: 0)
    with pytest.raises(EngineError, match="no tokenizer"):
        Vocab(patched, parts.model.model)


def test_a_tool_call_tag_that_is_a_control_token_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    make_tiny_gguf(path)
    # Names of the same length, so that the file's layout stays as it is.
    path.write_bytes(path.read_bytes().replace(b"<|file_sep|>", b"[TOOL_CALLS]"))
    with llama_parts(path, n_ctx=512) as parts:
        (tag,) = parts.vocab.tokenize("[TOOL_CALLS]", special=True)
        (other,) = parts.vocab.tokenize("<|im_start|>", special=True)
        assert parts.vocab.piece(tag) == b"[TOOL_CALLS]"
        assert parts.vocab.piece(other) == b""


def test_a_text_with_more_tokens_than_bytes_is_tokenized_again(parts: Parts) -> None:
    sizes: list[int] = []

    def tokenize(
        vocab: object, data: bytes, length: int, buffer: object, size: int, *rest: object
    ) -> int:
        sizes.append(size)
        if size < 50:
            return -50
        return int(parts.lib.llama_tokenize(parts.vocab.pointer, data, length, buffer, size, *rest))

    vocab = Vocab(PatchedLibrary(parts.lib, llama_tokenize=tokenize), parts.model.model)
    sizes.clear()
    assert vocab.tokenize("ab") == parts.vocab.tokenize("ab")
    assert sizes == [10, 50]


@pytest.fixture(scope="module")
def sentencepiece(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vocab]:
    """A vocabulary that puts a space before each text, as Llama 2's does."""
    path = tmp_path_factory.mktemp("models") / "sentencepiece.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abcdef"]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256, *[kinds.NORMAL] * 7]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*tokens, "▁a"])
    writer.add_token_types([*types, kinds.NORMAL])
    writer.add_token_scores([0.0] * len(tokens) + [1.0])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with vocabulary_of(path) as found:
        yield found


@given(st.text(alphabet="abc \n\t<é", max_size=30))
def test_no_space_grows_before_a_text(sentencepiece: Vocab, text: str) -> None:
    assert sentencepiece._lead
    assert text_of(sentencepiece, sentencepiece.tokenize(text)) == text


def test_special_tokens_are_found_behind_no_space(sentencepiece: Vocab) -> None:
    tokens = sentencepiece.tokenize("<s>a</s>", special=True)
    assert (tokens[0], tokens[-1]) == (1, 2)
