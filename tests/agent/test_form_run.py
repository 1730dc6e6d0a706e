"""Direct runs in answer forms: narrow models and general ones; what a narrow one is refused."""

from __future__ import annotations

from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest
from lsp_agent.workspace.positions import Position, Range
from tests.agent.conftest import Stage, contents
from tests.support.scripted_engine import ScriptedEngine

GENERAL = {"kind": "llama-cpp", "native_tools": False, "grammar": True, "n_params": 10_000}
NARROW = {**GENERAL, "model": "small.gguf", "jobs": ("fix", "document"), "languages": ("python",)}
SOURCE = "def total(items):\n    return sum(itms)\n"
AT = Range(Position(1, 4), Position(1, 4))


def fix(message: str = "Undefined name `itms`", path: str = "a.py") -> RunRequest:
    focus = Focus(path, AT, (DiagnosticNote(AT, message),))
    return RunRequest("fix it", focus, form="changes", answer="edit", action="fix")


def test_changed_lines_become_an_edit(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine(["2|    return sum(items)"], **NARROW)
    result = stage.run(engine, fix())
    assert result.status == "edited"
    assert result.changes[0].after == SOURCE.replace("itms", "items")
    assert contents(engine)[1].startswith("1|def total")


def test_a_narrow_model_chooses_among_known_names(stage: Stage) -> None:
    stage.file("a.py", "def total(items, item):\n    return sum(itms) + 1\n")
    engine = ScriptedEngine(["2|    return sum(items) + 1"], **NARROW)
    assert stage.run(engine, fix()).status == "edited"
    assert engine.requests[0].grammar == (
        'root ::= "2|    return sum(" ("items" | "item") ") + 1"\n'
    )


def test_a_narrow_model_tries_again_by_sampling(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    answers = ["2|    return sum(itmz)", "2|    return (itms", "2|    return sum(items)"]
    engine = ScriptedEngine(answers, **NARROW)
    assert stage.run(engine, fix()).status == "edited"
    asked = [len(request.prompt.messages) for request in engine.requests]
    assert asked == [2, 2, 2]
    assert [request.sampling.temperature > 0 for request in engine.requests] == [False, True, True]
    assert engine.requests[1].sampling.seed != engine.requests[2].sampling.seed


def test_a_general_model_is_told_what_was_wrong(stage: Stage) -> None:
    stage.file("a.py", f"import os\n\n\n{SOURCE}")
    at = Range(Position(4, 4), Position(4, 4))
    focus = Focus("a.py", at, (DiagnosticNote(at, "Undefined name `itms`"),))
    request = RunRequest("fix", focus, form="changes", answer="edit", action="fix", target=at)
    engine = ScriptedEngine(["2|    return sum(itms)", "2|    return sum(items)"], **GENERAL)
    assert stage.run(engine, request).status == "no_change"
    engine = ScriptedEngine(["2|    return sum( itms)", "2|    return sum(items)"], **GENERAL)
    assert stage.run(engine, request).status == "edited"
    assert "itms is still there" in contents(engine)[-1]
    assert "import os" in contents(engine)[1]


def test_a_syntax_error_must_be_gone(stage: Stage) -> None:
    stage.file("a.py", "def f(x)\n    return x\n")
    at = Range(Position(0, 8), Position(0, 8))
    focus = Focus("a.py", at, (DiagnosticNote(at, "expected ':'"),))
    request = RunRequest("fix", focus, form="changes", answer="edit", action="fix")
    engine = ScriptedEngine(["1|def f(x) ", "1|def f(x):"], **NARROW)
    result = stage.run(engine, request)
    assert result.changes[0].after == "def f(x):\n    return x\n"


def test_a_missing_attribute_must_be_gone(stage: Stage) -> None:
    source = "class A:\n    def f(self):\n        self.items = 1\n        return self.itmes\n"
    stage.file("a.py", source)
    at = Range(Position(3, 8), Position(3, 8))
    note = DiagnosticNote(at, "AttributeError: 'A' object has no attribute 'itmes'")
    focus = Focus("a.py", at, (note,))
    request = RunRequest("fix", focus, form="changes", answer="edit", action="fix")
    answers = ["3|        return (self.itmes)", "ok", "3|        return self.items"]
    engine = ScriptedEngine(answers, **NARROW)
    assert stage.run(engine, request).changes[0].after == source.replace("itmes", "items")
    assert len(engine.requests) == 3


def test_what_stays_wrong_is_rejected(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    result = stage.run(ScriptedEngine(["2|    return sum(invented)"], **NARROW), fix())
    assert result.status == "rejected"
    assert "nothing is known of invented" in result.summary


def test_a_narrow_model_may_not_make_another_line_of_it(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    answers = ["2|    return sum(itms)", "2|    total = items", "2|    return sum(items)"]
    engine = ScriptedEngine(answers, **NARROW)
    assert stage.run(engine, fix()).changes[0].after == SOURCE.replace("itms", "items")
    assert len(engine.requests) == 3


def test_ok_changes_nothing(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    stale = fix("Undefined name `gone`")
    assert stage.run(ScriptedEngine(["ok"], **NARROW), stale).status == "no_change"


def test_ok_is_not_believed_where_the_report_is_seen_to_be_true(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    engine = ScriptedEngine(["ok", "2|    return sum(items)"], **NARROW)
    assert stage.run(engine, fix()).status == "edited"


def test_a_whole_rewrite_is_taken_too(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    answer = "<<<code\ndef total(items):\n    return sum(items)\n>>>code"
    assert stage.run(ScriptedEngine([answer], **GENERAL), fix()).status == "edited"


def test_an_answer_that_was_cut_off_is_not_taken(stage: Stage) -> None:
    from lsp_agent.engine.types import Delta

    stage.file("a.py", SOURCE)
    cut = Delta(text="2|    return su", finish="length")
    result = stage.run(ScriptedEngine([cut], **NARROW), fix())
    assert result.status == "rejected"
    assert "cut off" in result.summary


def test_a_narrow_model_says_what_it_can_not_do(stage: Stage) -> None:
    stage.file("a.py", SOURCE)
    stage.file("a.rs", "fn f() {}\n")
    engine = ScriptedEngine(["never asked"], **NARROW)
    explain = RunRequest("what", Focus("a.py", AT), answer="text", action="explain")
    result = stage.run(engine, explain)
    assert result.status == "failed"
    assert result.summary.startswith("explain needs a larger model than small.gguf")
    assert "lsp-agent models pull" in result.summary
    assert stage.of("error")[0].data["code"] == "engine-unavailable"
    assert "fix in rust needs a larger model" in stage.run(engine, fix(path="a.rs")).summary
    assert "a run needs a larger model" in stage.run(engine, RunRequest("do it")).summary
    assert engine.requests == []
