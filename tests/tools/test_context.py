"""Tools that know the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.semantic import SemanticIndex
from lsp_agent.context.tokens import estimate_tokens
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.index.build import BuildOptions
from lsp_agent.index.service import CodeIndex
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.context import TOOLS
from lsp_agent.tools.spec import Tool, ToolContext
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.context.conftest import SHOP
from tests.support.llama import llama_engine

CONTEXT_TOOLS: dict[str, Tool[Any]] = {tool.name: tool for tool in TOOLS}


class Shop:
    """The shop with an index, and calls of tools in it."""

    def __init__(self, folder: Path, index: CodeIndex, knowledge: Knowledge) -> None:
        self.folder = folder
        self.index = index
        self.knowledge = knowledge
        self.overlay = Overlay(Root(folder))

    def unsaved(self, path: str, text: str) -> None:
        """Open a document with unsaved text."""
        buffer = Buffer(path, (self.folder / path).as_uri(), text, 3)
        self.overlay = Overlay(Root(self.folder), [buffer])

    def call(self, name: str, /, **arguments: object) -> ToolOutcome:
        """Call a tool."""
        context = ToolContext(self.overlay, CancelToken(), self.index, knowledge=self.knowledge)
        return call_tool(CONTEXT_TOOLS, name, arguments, context)


def write_shop(folder: Path) -> None:
    for path, text in SHOP.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (folder / "pyproject.toml").write_text('[project]\n[project.scripts]\nshop = "shop.mail:f"\n')


@contextmanager
def open_shop(tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    write_shop(folder)
    index = CodeIndex(Root(folder), tmp_path / "index.sqlite", BuildOptions(processes=1))
    index.build(CancelToken())
    knowledge = Knowledge(Root(folder))
    try:
        yield Shop(folder, index, knowledge)
    finally:
        knowledge.close()
        index.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Return a shop without vectors."""
    with open_shop(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that makes vectors; what they mean, nobody knows."""
    path = tmp_path_factory.mktemp("models") / "embedder.gguf"
    make_tiny_gguf(path, pooling=True)
    return path


def with_vectors(shop: Shop, engine: LlamaEngine) -> SemanticIndex:
    @contextmanager
    def lease() -> Iterator[LlamaEngine]:
        yield engine

    semantic = SemanticIndex(shop.index, lease, lambda: Overlay(Root(shop.folder)))
    shop.knowledge = Knowledge(Root(shop.folder), semantic)
    return semantic


def test_context_shows_passages_and_says_why(shop: Shop) -> None:
    outcome = shop.call("get_context", query="how is total_price computed", tokens=600)
    assert outcome.ok
    assert "shop/basket.py:8-10 in Basket\n    def total_price(self):" in outcome.text
    why = outcome.text.rpartition("\n\n[why] ")[2]
    assert why.startswith("shop/basket.py:8 (")
    assert "is named 1.00" in why
    assert not outcome.truncated


@pytest.mark.parametrize("tokens", [20, 60, 120, 480, 600, 2000])
def test_context_and_its_reasons_are_within_the_tokens(shop: Shop, tokens: int) -> None:
    text = shop.call("get_context", query="total_price of `Basket`", tokens=tokens).text
    assert estimate_tokens(text) <= tokens


def test_context_sees_unsaved_text(shop: Shop) -> None:
    shop.unsaved("shop/tax.py", "def customs_duty(country):\n    return 0.4\n")
    assert "customs_duty" in shop.call("get_context", query="customs_duty").text
    assert "nothing in the workspace" in shop.call("get_context", query="zzz", tokens=5).text


def test_the_summary_holds_facts_and_a_map(shop: Shop) -> None:
    text = shop.call("summarize_codebase").text
    assert text.startswith("Languages: python (6 files), ")
    assert "Entry points: shop = shop.mail:f\n" in text
    assert "Tests: tests/ (1 file)\nManifests: pyproject.toml\n" in text
    assert "Most leaned on: shop/store.py, " in text
    assert "of 8 files:\nshop/store.py:\nclass Store\n" in text
    small = shop.call("summarize_codebase", tokens=60)
    assert small.ok
    assert estimate_tokens(small.text) <= 60
    assert "too few" in shop.call("summarize_codebase", tokens=5).text


def test_semantic_search_without_a_model_says_so(shop: Shop) -> None:
    text = shop.call("semantic_search", query="take the discount off", limit=3).text
    assert text.startswith("shop/basket.py:8: def total_price(self)")
    assert "no embedding model is set (routes.embedding)" in text
    assert len(text.splitlines()) <= 4
    assert "the query is empty" in shop.call("semantic_search", query=" ").text


def test_semantic_search_finds_the_text_itself(shop: Shop, embedder: Path) -> None:
    with llama_engine(embedder) as engine:
        semantic = with_vectors(shop, engine)
        semantic.refresh()
        assert semantic.wait(60)
        assert semantic.progress() == (13, 13)
        same = (
            "shop/tax.py tax_rate\ndef tax_rate(country):\n\ndef tax_rate(country):\n    return 0.2"
        )
        first, second = shop.call("semantic_search", query=same, limit=2).text.splitlines()
        assert first == "shop/tax.py:1: def tax_rate(country)  (1.00)"
        assert second.startswith("shop/")
        shop.knowledge.close()


def test_only_what_changed_is_embedded_again(
    shop: Shop, embedder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    with llama_engine(embedder) as engine:
        semantic = with_vectors(shop, engine)
        embed = engine.embed

        def listen(texts: Any, cancel: CancelToken) -> list[list[float]]:
            asked.extend(texts)
            return embed(texts, cancel)

        monkeypatch.setattr(engine, "embed", listen)
        semantic.refresh()
        assert semantic.wait(60)
        assert len(asked) == 13
        (shop.folder / "shop/tax.py").write_text(
            "def customs_duty(x): pass\n\n" + SHOP["shop/tax.py"]
        )
        shop.index.update(["shop/tax.py"])
        semantic.refresh()
        assert semantic.wait(60)
        assert [text.partition("\n")[0] for text in asked[13:]] == ["shop/tax.py customs_duty"]
        shop.knowledge.close()


def test_another_model_makes_vectors_of_its_own(shop: Shop, embedder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    make_tiny_gguf(other, pooling=True, n_embd=32, seed=3)
    for path in (embedder, other):
        with llama_engine(path) as engine:
            semantic = with_vectors(shop, engine)
            semantic.refresh()
            assert semantic.wait(60)
            assert semantic.progress() == (13, 13)
            found = shop.call("semantic_search", query="tax", limit=3)
            assert len(found.text.splitlines()) == 3
            shop.knowledge.close()


def test_a_model_without_vectors_falls_back_to_words(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "chat.gguf"
    make_tiny_gguf(path)
    with llama_engine(path) as engine:
        with_vectors(shop, engine)
        text = shop.call("semantic_search", query="take the discount off", limit=2).text
        assert text.startswith("shop/basket.py:8:")
        assert "by words, not by meaning: chat.gguf is not an embedding model" in text
        shop.knowledge.close()


def test_closing_ends_the_work(shop: Shop, embedder: Path) -> None:
    with llama_engine(embedder) as engine:
        semantic = with_vectors(shop, engine)
        semantic.refresh()
        shop.knowledge.close()
        assert semantic.wait(0)
        semantic.refresh()
        assert semantic.wait(0)


def test_without_an_index_the_tools_say_what_to_use() -> None:
    for name, tool in CONTEXT_TOOLS.items():
        outcome = call_tool(
            CONTEXT_TOOLS, name, tool.example, ToolContext(Overlay(None), CancelToken())
        )
        assert not outcome.ok
        assert "grep_search" in outcome.text
