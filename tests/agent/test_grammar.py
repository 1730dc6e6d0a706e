"""Calls under the grammar always parse and fit: real llama.cpp on random weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.agent.formats import parse_tool_calls
from lsp_agent.agent.grammar import _up_to, tool_grammar
from lsp_agent.agent.types import RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Chat, Message, Request, Sampling
from lsp_agent.tools.call import check_call
from lsp_agent.tools.spec import load_tools
from tests.agent.conftest import Stage

PATHS = ['a "quoted".py', "src/b.py", "naïve\\c.py"]
SYMBOLS = {"src/b.py": ["A", "A.f"], "c.py": []}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaEngine]:
    path: Path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    make_tiny_gguf(path)
    engine = LlamaEngine("local", LlamaSettings(n_ctx=8192), path)
    yield engine
    engine.close()


def answer(
    engine: LlamaEngine, grammar: str, seed: int, max_tokens: int = 6000
) -> tuple[str, str | None]:
    request = Request(
        Chat((Message("user", "go"),)),
        max_tokens=max_tokens,
        grammar=grammar,
        sampling=Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0, seed=seed),
    )
    deltas = list(engine.generate(request, CancelToken()))
    return "".join(delta.text for delta in deltas), deltas[-1].finish


@pytest.mark.parametrize("name", sorted(load_tools(lambda _: None)))
def test_each_tool_alone(engine: LlamaEngine, name: str) -> None:
    tools = load_tools(lambda _: None)
    grammar = tool_grammar([tools[name]], PATHS, SYMBOLS, allow_answer=False)
    ended = 0
    # Random weights rarely write the closing sentinel of a raw block, however long it gets.
    most = 600 if tools[name].raw else 6000
    for seed in range(4):
        text, finish = answer(engine, grammar, seed, most)
        if finish != "stop":
            assert tools[name].raw
            continue
        ended += 1
        parsed = parse_tool_calls(text)
        assert parsed.problems == ()
        check_call(tools, parsed.calls[0].name, parsed.calls[0].arguments)
    assert ended or tools[name].raw


def test_thirty_and_more_calls_always_fit(engine: LlamaEngine) -> None:
    tools = {name: tool for name, tool in load_tools(lambda _: None).items() if not tool.raw}
    grammar = tool_grammar(tools.values(), PATHS, SYMBOLS, allow_answer=False)
    seen = set()
    for seed in range(40):
        text, finish = answer(engine, grammar, seed)
        assert finish == "stop"
        (call,) = parse_tool_calls(text).calls
        check_call(tools, call.name, call.arguments)
        seen.add(call.name)
        if call.name in ("read_file", "parse_code", "delete_file"):
            assert call.arguments["path"] in PATHS
    assert len(seen) > 3


def test_a_tool_with_nothing_to_work_on_is_left_out() -> None:
    tools = load_tools(lambda _: None)
    assert "rewrite_symbol" not in tool_grammar(tools.values(), PATHS, {})
    assert "rewrite_symbol" in tool_grammar(tools.values(), PATHS, SYMBOLS)


def test_whole_run_on_random_weights_ends_regularly(engine: LlamaEngine, stage: Stage) -> None:
    stage.file("a.py", "def f():\n    return 1\n")
    result = stage.run(engine, RunRequest("do"), profile="tools", max_steps=4, max_tokens=200)
    assert result.status in ("answered", "edited", "failed", "rejected", "no_change")
    assert stage.types()[-1] == "run_finished"


@pytest.mark.parametrize("limit", [1, 7, 10, 99, 100, 200, 305, 1000])
def test_an_integer_keeps_to_its_limit(engine: LlamaEngine, limit: int) -> None:
    rule = _up_to(limit, zero=False)
    for seed in range(12):
        text, _ = answer(engine, f"root ::= {rule}\n", seed)
        assert 1 <= int(text) <= limit
    # And every one can be written: a grammar that spells it in front of the rule's end accepts it.
    for value in {1, limit, max(limit - 1, 1), limit // 2 or 1}:
        pattern = re.sub(r'"(\d*)"', r"\1", rule).replace(" | ", "|").replace(" ", "")
        assert re.fullmatch(pattern, str(value))
        assert not re.fullmatch(pattern, str(limit + 1))
