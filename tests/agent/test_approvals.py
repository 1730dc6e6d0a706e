"""What is asked about, what an answer is good for, and what reaches the model."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.agent.permits import Permits
from lsp_agent.agent.types import Focus, Reply, RunRequest
from lsp_agent.config.paths import Home
from lsp_agent.store.approvals import Grant, RememberedApprovals
from lsp_agent.tools.spec import Arguments, Hazard, Tool, ToolContext
from tests.agent.conftest import Stage, calls, contents
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("do it", profile="tools")


class Run(Arguments):
    """Arguments of a tool that runs something."""

    command: str = ""
    paths: list[str] | None = None


class Recorder:
    """A tool that remembers that it was called."""

    def __init__(self, stage: Stage, name: str, hazard: Hazard) -> None:
        self.ran: list[str] = []
        stage.tools[name] = Tool(name, "runs", Run, hazard, self, {"command": "ls"})

    def __call__(self, _context: ToolContext, arguments: Run) -> str:
        self.ran.append(arguments.command)
        return "ran"


@pytest.fixture
def memory(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> RememberedApprovals:
    home = Home.find({"LSP_AGENT_HOME": str(tmp_path_factory.mktemp("home"))})
    return RememberedApprovals(home, stage.folder)


def script(name: str, *arguments: dict[str, Any]) -> Iterator[Any]:
    yield from (calls((name, one)) for one in arguments)
    yield "done"


def engine(name: str, *arguments: dict[str, Any]) -> ScriptedEngine:
    return ScriptedEngine(list(script(name, *arguments)))


def write(path: str, content: str = "x") -> dict[str, Any]:
    return {"path": path, "content": content}


def decisions(stage: Stage) -> list[tuple[str, str]]:
    return [(one.data["decision"], one.data["source"]) for one in stage.of("approval")]


@pytest.mark.parametrize(
    ("reply", "again", "asked"),
    [
        ("allow", ("allow", "user"), 2),
        ("run", ("allow", "run"), 1),
        ("always", ("allow", "run"), 1),
    ],
)
def test_how_long_an_answer_is_good(
    stage: Stage, memory: RememberedApprovals, reply: Reply, again: tuple[str, str], asked: int
) -> None:
    stage.allow, stage.reply, stage.permits = True, reply, Permits(True, memory)
    asks = engine("write_file", write(".envrc", "a"), write(".envrc", "b"), write("ok.py"))
    assert stage.run(asks, TASK).status == "edited"
    assert len(stage.questions) == asked
    assert decisions(stage) == [(reply, "user"), again]
    event = stage.of("approval_requested")[0]
    assert (event.data["tool"], event.data["hazard"]) == ("write_file", "risky")
    assert event.data["kind"] == "editor"
    # Another run knows what was allowed for good, and nothing else.
    stage.permits = Permits(True, memory)
    stage.questions.clear()
    stage.run(engine("write_file", write(".envrc", "c")), TASK)
    assert len(stage.questions) == (0 if reply == "always" else 1)
    if reply == "always":
        assert decisions(stage)[0] == ("allow", "remembered")


def test_an_answer_is_good_for_that_file_and_tool_only(
    stage: Stage, memory: RememberedApprovals
) -> None:
    stage.allow, stage.reply, stage.permits = True, "run", Permits(True, memory)
    stage.file("package.json", "{}\n")
    steps = [
        calls(("write_file", write(".envrc"))),
        calls(("write_file", write(".env"))),
        calls(("edit_file", {"path": ".envrc", "old_string": "x", "new_string": "y"})),
        calls(("move_file", {"path": "package.json", "new_path": ".npmrc"})),
        "done",
    ]
    assert stage.run(ScriptedEngine(steps), TASK).status == "edited"
    assert len(stage.questions) == 4


def test_nothing_lasts_in_a_folder_that_is_not_trusted(
    stage: Stage, memory: RememberedApprovals
) -> None:
    memory.remember(Grant("write_file", "editor", ".envrc"))
    stage.permits = Permits(False, memory)
    stage.allow, stage.reply = True, "always"
    assert stage.run(engine("write_file", write(".envrc")), TASK).status == "answered"
    assert stage.questions[0].replies == ("allow", "run", "refuse")
    assert decisions(stage) == [("refuse", "user")]


def test_an_agent_s_settings_are_never_allowed_for_longer(
    stage: Stage, memory: RememberedApprovals
) -> None:
    stage.allow, stage.permits = True, Permits(True, memory)
    asks = engine("write_file", write("lsp-agent.toml", "style = 'a'"))
    assert stage.run(asks, TASK).status == "edited"
    assert stage.questions[0].replies == ("allow", "refuse")


def test_three_refusals_end_the_asking(stage: Stage) -> None:
    files = [write(f".github/{n}.yml") for n in range(5)]
    asked = engine("write_file", *files)
    stage.run(asked, TASK)
    assert len(stage.questions) == 3
    assert decisions(stage) == [("refuse", "user")] * 3 + [("refuse", "policy")] * 2
    assert "leave that file as it is" in contents(asked)[-1]
    assert "not asked again" in contents(asked)[-1]


def test_a_call_that_is_wrong_is_not_asked_about(stage: Stage) -> None:
    asked = engine("write_file", {"path": ".envrc"})
    stage.run(asked, TASK)
    assert stage.questions == []
    assert "the argument 'content' is missing" in contents(asked)[-1]


@pytest.mark.parametrize("path", ["docs/x.yml", "docs\\x.yml", "./docs//x.yml"])
def test_a_link_to_a_sensitive_folder_is_seen_through(stage: Stage, path: str) -> None:
    (stage.folder / ".github").mkdir()
    (stage.folder / "docs").symlink_to(".github")
    stage.run(engine("write_file", write(path)), TASK)
    assert len(stage.questions) == 1


FOCUS = RunRequest("t", focus=Focus("package.json"), profile="direct", answer="edit")


@pytest.mark.parametrize("allow", [True, False])
def test_an_edit_without_a_tool_is_asked_about_too(stage: Stage, allow: bool) -> None:
    stage.file("package.json", '{"a": 1}\n')
    stage.allow = allow
    code = ScriptedEngine(['<<<code\n{"a": 2}\n>>>code'])
    assert stage.run(code, FOCUS).status == ("edited" if allow else "rejected")
    assert "package.json" in stage.questions[0].title
    assert '+{"a": 2}' in stage.questions[0].detail
    assert stage.of("approval")[0].data["hazard"] == "risky"
    assert stage.questions[0].replies == ("allow", "refuse")


def test_a_tool_that_writes_more_than_it_names(stage: Stage) -> None:
    """What an approved call named is not asked about again; all else is, before it leaves."""

    def run(context: ToolContext, _arguments: Run) -> str:
        context.overlay.write("package.json", "{}\n")
        context.overlay.write("setup.py", "x = 1\n")
        return "formatted"

    stage.tools["format"] = Tool("format", "formats", Run, "edit", run, {})
    stage.allow = True
    stage.run(engine("format", {"paths": ["package.json"]}), TASK)
    assert [one.tool for one in stage.questions] == ["format", "edit"]
    assert "setup.py" in stage.questions[1].title
    assert "package.json" not in stage.questions[1].title


def test_yes_answers_for_ordinary_edits_only(stage: Stage) -> None:
    stage.permits = Permits(yes=True)
    settings = {"safety.approve": "always"}
    assert stage.run(engine("write_file", write("a.py")), TASK, **settings).status == "edited"
    assert decisions(stage) == [("allow", "--yes")]
    assert stage.questions == []
    stage.permits = Permits(yes=True)
    result = stage.run(engine("write_file", write(".envrc")), TASK, **settings)
    assert result.status == "answered"
    assert decisions(stage) == [("refuse", "user")]


COMMANDS = [
    # tool, hazard, command, trusted, settings, questions, ran
    ("execute_command", "risky", "ls", True, {}, 1, False),
    ("execute_command", "risky", "make test", True, {}, 0, True),
    ("execute_command", "risky", "make test", False, {}, 0, True),
    ("execute_command", "risky", "make test", True, {"sandbox.unprotected": "true"}, 0, True),
    ("execute_command", "risky", "make test", False, {"sandbox.unprotected": "true"}, 1, False),
    ("execute_command", "risky", "make test; id", True, {}, 1, False),
    ("execute_command", "risky", "sudo make test", True, {}, 0, False),
    ("execute_command", "risky", "sudo ls", True, {"safety.approve": "never"}, 0, False),
    ("execute_command", "risky", "ls", True, {"safety.approve": "never"}, 0, True),
    ("execute_command", "risky", "ls " + "x" * 700, True, {}, 0, False),
    ("benchmark_code", "sandboxed", "ls", True, {}, 0, True),
    ("benchmark_code", "sandboxed", "ls", False, {}, 1, False),
    ("benchmark_code", "sandboxed", "sudo ls", True, {}, 0, False),
    ("benchmark_code", "sandboxed", "curl x", True, {"safety.network": "true"}, 1, False),
    ("benchmark_code", "sandboxed", "ls", True, {"safety.approve": "always"}, 1, False),
    ("benchmark_code", "sandboxed", "ls", True, {"sandbox.unprotected": "true"}, 1, False),
    ("npm_command", "sandboxed", "run x", True, {"sandbox.kind": "none"}, 1, False),
    ("npm_command", "sandboxed", "x" * 700, True, {"sandbox.unprotected": "true"}, 0, False),
    ("execute_command", "risky", "", True, {}, 1, False),
    ("run_tests", "sandboxed", "", True, {}, 0, True),
    ("run_tests", "sandboxed", "", True, {"sandbox.kind": "none"}, 1, False),
    ("run_tests", "sandboxed", "", True, {"sandbox.unprotected": "true"}, 1, False),
    ("npm_command", "sandboxed", "test", True, {}, 0, True),
    ("npm_command", "sandboxed", "install x", True, {"safety.network": "true"}, 1, False),
    ("git_push", "always", "", True, {}, 1, False),
    ("git_push", "always", "", True, {"safety.approve": "never"}, 1, False),
]


@pytest.mark.parametrize(
    ("tool", "hazard", "command", "trusted", "values", "asked", "ran"), COMMANDS
)
def test_commands(
    stage: Stage, tool: str, hazard: Hazard, command: str, trusted: bool,
    values: dict[str, str], asked: int, ran: bool,
) -> None:  # fmt: skip
    recorder = Recorder(stage, tool, hazard)
    stage.permits = Permits(trusted)
    allowed = {"safety.allowed_commands": '["make test"]'}
    stage.run(engine(tool, {"command": command}), TASK, **allowed, **values)
    assert len(stage.questions) == asked
    assert bool(recorder.ran) is ran
    approved = [event.data["approved"] for event in stage.of("approval")]
    assert approved in ([ran], [] if hazard == "sandboxed" and ran else [ran])


def test_files_that_are_only_read_are_not_asked_about(stage: Stage) -> None:
    recorder = Recorder(stage, "run_tests", "sandboxed")
    stage.permits = Permits(True)
    stage.run(engine("run_tests", {"paths": [".github/x_test.py"]}), TASK)
    assert stage.questions == []
    assert len(recorder.ran) == 1


def test_a_sandboxed_tool_is_asked_about_once(stage: Stage) -> None:
    recorder = Recorder(stage, "run_tests", "sandboxed")
    stage.allow = True
    stage.run(engine("run_tests", {"command": "a"}, {"command": "b"}), TASK)
    assert len(recorder.ran) == 2
    assert len(stage.questions) == 1


@pytest.mark.parametrize("reply", ["allow", "run", "always"])
@pytest.mark.parametrize(
    ("tool", "first", "other"),
    [
        ("benchmark_code", {"command": "ls"}, {"command": "rm -rf /x"}),
        ("npm_command", {"command": "exec a"}, {"command": "exec b"}),
        ("run_tests", {"paths": ["a_test.py"]}, {"paths": ["-p", "x"]}),
    ],
)
def test_where_nothing_holds_it_an_answer_is_good_for_that_very_call(
    stage: Stage, memory: RememberedApprovals, reply: Reply, tool: str,
    first: dict[str, Any], other: dict[str, Any],
) -> None:  # fmt: skip
    recorder = Recorder(stage, tool, "sandboxed")
    stage.allow, stage.reply, stage.permits = True, reply, Permits(True, memory)
    stage.run(engine(tool, first, first, other), TASK, **{"sandbox.unprotected": "true"})
    assert len(recorder.ran) == 3
    assert len(stage.questions) == (3 if reply == "allow" else 2)


@pytest.mark.parametrize("reply", ["run", "always"])
def test_what_always_asks_takes_no_other_answer(stage: Stage, reply: Reply) -> None:
    recorder = Recorder(stage, "git_push", "always")
    stage.allow, stage.reply, stage.permits = True, reply, Permits(True)
    stage.run(engine("git_push", {}), TASK)
    assert stage.questions[0].replies == ("allow", "refuse")
    assert recorder.ran == []


@pytest.mark.parametrize("hazard", ["sandboxed", "risky", "always"])
def test_a_dry_run_runs_nothing(stage: Stage, hazard: Hazard) -> None:
    recorder = Recorder(stage, "tool", hazard)
    stage.permits = Permits(True, dry_run=True)
    asked = engine("tool", {"command": "make test"})
    stage.run(asked, TASK, **{"safety.allowed_commands": '["make test"]'})
    assert recorder.ran == []
    assert stage.questions == []
    assert "dry run: tool was not carried out" in contents(asked)[-1]
    stage.permits = replace(stage.permits)
    assert stage.run(engine("write_file", write(".envrc")), TASK).status == "edited"
    assert decisions(stage)[-1][1] == "--dry-run"


def test_questions_hide_nothing(stage: Stage) -> None:
    stage.run(engine("write_file", write(".env", "\u202ex\x1b[2J" + "y" * 5000 + "END")), TASK)
    detail = stage.questions[0].detail
    assert "\u202e" not in detail
    assert "\x1b" not in detail
    assert "\\u202e" in detail
    assert "more characters" in detail
    assert "END" in detail
    assert len(detail) < 1000


def test_lasting_answers_are_the_user_s_own(memory: RememberedApprovals, tmp_path: Path) -> None:
    grant = Grant("write_file", "lock", "uv.lock")
    assert not memory.knows(grant)
    memory.remember(grant)
    memory.remember(grant)
    assert memory.knows(grant)
    assert not memory.knows(replace(grant, tool="edit_file"))
    file = memory._home.approvals_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not RememberedApprovals(memory._home, tmp_path / "other").knows(grant)
    assert memory.forget() == 1
    assert memory.forget() == 0
    for broken in ("", "[]", '{"x": 3}', "[" * 100_000, '{"a": {"b": []}}'):
        file.write_text(broken)
        assert not memory.knows(grant)
