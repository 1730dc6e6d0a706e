"""Optimising: no edit leaves that a benchmark does not prove, measured by real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.actions.optimise import ACTION
from lsp_agent.actions.spec import Place
from lsp_agent.agent.permits import Permits
from lsp_agent.agent.types import RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.benchmark import Benchmark, BenchmarkError, compare, module_of, time_once
from lsp_agent.verify.programs import Programs
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.actions.test_actions import marked
from tests.agent.conftest import Stage, contents
from tests.support.files import write_files
from tests.support.open_workshop import OpenWorkshop
from tests.support.scripted_engine import ScriptedEngine

LOCAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}
SOURCE, AT = marked(ACTION.example.before)
CASES = (
    "```python\nCASES = [([],), ([1, 1, 2],), (list(range(1500)),)]\n\n"
    "def call(items):\n    return unique(items)\n```"
)
FAST = f"<<<code\n{ACTION.example.after}>>>code"
SAME = f"<<<code\n{SOURCE}>>>code"
OTHER = "<<<code\ndef unique(items):\n    return sorted(set(items))[:-1]\n>>>code"
SLOW = (
    "<<<code\ndef unique(items):\n    found = []\n    for item in list(items):\n"
    "        if item not in found and item not in found:\n            found.append(item)\n"
    "    return found\n>>>code"
)


@pytest.fixture
def project(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage.file("a.py", SOURCE)
    stage.programs = Programs({}, lambda _: True)
    stage.workshop = OpenWorkshop(tmp_path_factory.mktemp("copy") / "ws")
    return stage


def request() -> RunRequest:
    return ACTION.request(Place("a.py", SyntaxDocument.parse(SOURCE, "python"), AT), "")


def verdicts(stage: Stage) -> list[tuple[str, bool]]:
    return [(one.data["check"], one.data["ok"]) for one in stage.of("verification")]


def test_what_is_faster_is_offered_with_its_measure(project: Stage) -> None:
    engine = ScriptedEngine([CASES, FAST], **LOCAL)
    result = project.run(engine, request())
    assert result.status == "edited"
    assert result.changes[0].after == ACTION.example.after
    assert "times as fast" in result.summary
    assert "(3 cases)" in result.summary
    assert verdicts(project)[-1] == ("benchmark", True)
    assert result.verdicts[-1].check == "benchmark"
    assert "for these cases" in contents(engine)[-1]
    assert "CASES = " in contents(engine)[-1]
    assert "benchmark of unique" in engine.requests[0].prompt.messages[-1].content


@pytest.mark.parametrize(("answer", "said"), [(SLOW, "it is not faster"), (OTHER, "case 2 gives")])
def test_what_is_not_better_is_refused(project: Stage, answer: str, said: str) -> None:
    engine = ScriptedEngine([CASES, answer, answer], **LOCAL)
    result = project.run(engine, request(), refine_passes=1)
    assert result.status == "rejected"
    assert said in result.summary
    assert result.changes == ()
    assert len(engine.requests) == 3
    assert said in contents(engine)[-1]


def test_a_second_version_may_be_the_one(project: Stage) -> None:
    engine = ScriptedEngine([CASES, SLOW, FAST], **LOCAL)
    result = project.run(engine, request(), refine_passes=1)
    assert result.status == "edited"
    assert [one for one in verdicts(project) if one[0] == "benchmark"] == [
        ("benchmark", False),
        ("benchmark", True),
    ]


def test_nothing_to_speed_up_changes_nothing(project: Stage) -> None:
    result = project.run(ScriptedEngine([CASES, SAME], **LOCAL), request())
    assert result.status == "no_change"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("CASES = [([1],)]\ndef call(items):\n    return uniqe(items)", "no case of it works"),
        ("CASES = []\ndef call():\n    return 1", "there are none"),
        ("CASES = [([1],)]", "it failed: "),
        ("import random\nCASES = [()]\ndef call():\n    return random.random()", "results differ"),
        ("CASES = [()]\ndef call():\n    raise SystemExit(0)", "it failed"),
        ("CASES = [(", "it failed"),
    ],
)
def test_a_benchmark_that_is_none_is_sent_back(project: Stage, block: str, said: str) -> None:
    engine = ScriptedEngine([f"```python\n{block}\n```", CASES, FAST], **LOCAL)
    result = project.run(engine, request(), refine_passes=1)
    assert result.status == "edited"
    told = engine.requests[1].prompt.messages[-1].content
    assert said in told


def test_without_any_benchmark_it_is_refused(project: Stage) -> None:
    result = project.run(ScriptedEngine(["no"], **LOCAL), request(), refine_passes=1)
    assert result.status == "rejected"
    assert result.summary.startswith("no benchmark of the model ran")


@pytest.mark.parametrize("case", ["no workshop", "not trusted", "dry run", "no sandbox"])
def test_where_nothing_may_run_no_model_is_asked(project: Stage, case: str, tmp_path: Path) -> None:
    if case == "no workshop":
        project.workshop = None
    elif case == "not trusted":
        project.programs = Programs({}, lambda _: False)
    elif case == "dry run":
        project.permits = Permits(dry_run=True)
    else:
        project.workshop = OpenWorkshop(tmp_path / "open", frozenset())
    engine = ScriptedEngine([CASES, FAST], **LOCAL)
    result = project.run(engine, request())
    assert result.status == "failed"
    assert result.summary.startswith("nothing can be measured: ")
    assert engine.requests == []


@pytest.mark.parametrize(
    ("files", "path", "found"),
    [
        ({"a.py": ""}, "a.py", (".", "a")),
        ({"src/p/__init__.py": "", "src/p/m.py": ""}, "src/p/m.py", ("src", "p.m")),
        ({"p/__init__.py": "", "p/q/__init__.py": ""}, "p/q/__init__.py", (".", "p.q")),
        ({"lib/m.py": ""}, "lib/m.py", ("lib", "m")),
    ],
)
def test_where_a_module_is_imported_from(
    tmp_path: Path, files: dict[str, str], path: str, found: tuple[str, str]
) -> None:
    write_files(tmp_path, files)
    assert module_of(Overlay(Root(tmp_path)), path) == found


def test_methods_generators_and_changed_arguments(tmp_path: Path) -> None:
    write_files(
        tmp_path / "w",
        {
            "p/__init__.py": "",
            "p/m.py": "class A:\n    def f(self, n):\n        yield from range(n)\n"
            "def g(a):\n    a.append(1)\n",
        },
    )
    overlay, workshop = Overlay(Root(tmp_path / "w")), OpenWorkshop(tmp_path / "copy")
    source = "CASES = [(3,), (0,)]\ndef call(n):\n    return A().f(n)\n"
    timed = time_once(Benchmark(".", "p.m", source), overlay, workshop, CancelToken(), 60)
    assert timed.results == ("([0, 1, 2], (3,))", "([], (0,))")
    assert 0 < timed.seconds < 1
    changes = "CASES = [([],)]\ndef call(a):\n    return g(a)\n"
    overlay.write("p/m.py", overlay.read("p/m.py").replace("append(1)", "extend([])"))
    verdict = compare(Benchmark(".", "p.m", changes), overlay, workshop, CancelToken(), 60)
    assert verdict.ok is False
    assert verdict.detail == "case 1 gives (None, ([],)) and no longer (None, ([1],))"


def test_a_benchmark_has_so_long_and_no_longer(tmp_path: Path) -> None:
    write_files(tmp_path / "w", {"a.py": ""})
    source = "CASES = [()]\ndef call():\n    import time\n    time.sleep(60)\n"
    with pytest.raises(BenchmarkError, match=r"did not end \(timeout"):
        time_once(
            Benchmark(".", "a", source),
            Overlay(Root(tmp_path / "w")),
            OpenWorkshop(tmp_path / "copy"),
            CancelToken(),
            0.5,
        )


@pytest.mark.parametrize("said", ["[]", "{}", '{"cases": "x"}', "[" * 9999])
def test_a_line_that_is_made_up_is_no_measure(tmp_path: Path, said: str) -> None:
    write_files(tmp_path / "w", {"a.py": ""})
    source = f"import os\nprint('lsp-agent timed: ' + {said!r}, flush=True)\nos._exit(0)\n"
    with pytest.raises(BenchmarkError):
        time_once(
            Benchmark(".", "a", source),
            Overlay(Root(tmp_path / "w")),
            OpenWorkshop(tmp_path / "copy"),
            CancelToken(),
            60,
        )


def test_offered_for_python_that_can_be_imported_only() -> None:
    for path, source, offered in (
        ("a.py", "def f(a):$0\n    return g(a)\n", True),
        ("a.py", "def f(a):$0\n    return a\n", False),
        ("a.py", "def f(a):$0\n    ...\n", False),
        ("a.ipynb", "def f(a):$0\n    return g(a)\n", False),
    ):
        text, at = marked(source)
        place = Place(path, SyntaxDocument.parse(text, "python"), at)
        assert bool(ACTION.offers(place)) == offered
    text, at = marked("function f(a) {$0\n  return g(a);\n}\n")
    assert ACTION.offers(Place("a.js", SyntaxDocument.parse(text, "javascript"), at)) == []
