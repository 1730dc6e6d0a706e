"""The small parts of the benchmark against llama-server; its timing is its own affair."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from benchmarks.llama_server import texts
from benchmarks.llama_server.__main__ import chosen
from benchmarks.llama_server.build import FLAGS, PACKAGE, BuildError, build
from benchmarks.llama_server.peers import Ours, Setup, ours
from benchmarks.llama_server.server import Serving, arguments
from benchmarks.llama_server.table import Row, render
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Fim, Job, Request


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    make_tiny_gguf(path)
    return Setup.of(path, 4096, 1)


@pytest.fixture(scope="module")
def peer(setup: Setup):  # type: ignore[no-untyped-def]
    with ours(setup) as engine:
        yield engine


def test_the_ratio_is_that_of_the_medians_and_is_bounded_from_the_right_side() -> None:
    fast = Row("m", "rate", "tokens/s", [1, 98, 300], [100, 1, 200], 0.98, more_is_better=True)
    assert fast.ratio == pytest.approx(0.98)
    assert fast.met is True
    slow = Row("m", "wait", "ms", [2.0], [1.0], 1.05)
    assert slow.met is False
    assert Row("m", "wait", "ms", [1.05], [1.0], 1.05).met is True
    assert slow.beside([4.0], "another").met is None


def test_the_table_names_what_was_missed() -> None:
    rows = [Row("small", "wait", "ms", [2.0], [1.0], 1.05), Row("small", "rate", "t/s", [1], [2])]
    lines = render(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "| 2 ms" in lines[2]
    assert "≤ 1.05" in lines[2]
    assert "MISSED" in lines[2]
    assert "MISSED" not in lines[3]
    assert json.loads(json.dumps(rows[0].as_json()))["met"] is False


def test_the_function_has_sixty_lines_and_three_of_them_change() -> None:
    source = texts.long_function()
    target = texts.changed(source)
    before, after = source.splitlines(), target.splitlines()
    assert len(before) == len(after) == 60
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 3


def test_code_has_the_asked_size_and_follows_from_its_seed(peer: Ours) -> None:
    count = peer.engine.count_tokens
    text = texts.code(random.Random(1), 300, count)
    assert 300 <= count(text) < 400
    assert text == texts.code(random.Random(1), 300, count)
    assert text != texts.code(random.Random(2), 300, count)


def test_a_grammar_spells_its_text(peer: Ours) -> None:
    text = 'if x["a"] == \'b\\n\':\n\treturn "é"\n'
    answer = peer.ask(texts.request(texts.chat("x"), 200, grammar=texts.spelled(text)))
    assert answer.text == text
    assert 0 < answer.first < answer.total


def test_a_grammar_names_tokens(peer: Ours) -> None:
    tokens = [65, 66, 67]
    answer = peer.ask(texts.request(texts.chat("x"), 200, grammar=texts.tokens_only(tokens)))
    assert answer.tokens == len(tokens) + 1  # and the end


def test_a_tool_call_is_json_and_bounded(peer: Ours) -> None:
    answer = peer.ask(texts.request(texts.chat("x"), 512, grammar=texts.TOOL_CALL))
    call = json.loads(answer.text)
    assert call["name"] == "replace_lines"
    assert len(call["arguments"]["lines"]) == 4


def test_a_gap_is_a_completion_and_references_go_in_where_they_can() -> None:
    assert texts.request(Fim("a", "b"), 8).job == Job.COMPLETION
    asked = texts.request(texts.chat("a"), 8, reference=["text"])
    assert asked.job == Job.RUN
    assert getattr(asked, "reference", ("text",)) == ("text",)
    assert isinstance(asked, Request)


def test_the_server_is_told_what_our_engine_is_told(setup: Setup, tmp_path: Path) -> None:
    home = built(tmp_path)
    command = arguments(build(home), setup, 1234, Serving(8, ("--spm-infill",)))
    words = dict(itertools.pairwise(command))
    assert words["-m"] == str(setup.model)
    assert (words["-c"], words["-t"], words["-tb"], words["-np"]) == ("4096", "1", "1", "8")
    assert words["-ub"] == str(setup.settings.n_ubatch)
    assert command[-1] == "--spm-infill"


def test_what_is_built_is_not_built_again(tmp_path: Path) -> None:
    assert build(built(tmp_path)).server.is_file()


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"gone\.tar\.gz is not there"):
        build(tmp_path, archive=tmp_path / "gone.tar.gz")


def test_the_hybrid_model_has_one_measure_and_no_other_model_has_it() -> None:
    assert chosen("all", ["decode", "hybrid"]) == [
        ("small", "decode"), ("embedded", "decode"), ("hybrid", "hybrid"),
    ]  # fmt: skip
    assert chosen("small", ["hybrid"]) == []


def built(home: Path) -> Path:
    """Leave what a finished build leaves."""
    from importlib.metadata import version

    programs = home / "build" / "bin"
    programs.mkdir(parents=True)
    for name in ("llama-server", "llama-bench"):
        (programs / name).touch()
    (home / "built.txt").write_text("\n".join((version(PACKAGE), *FLAGS)), "utf-8")
    return home
