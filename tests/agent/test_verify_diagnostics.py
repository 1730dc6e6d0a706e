"""Edits that bring in errors which only a language server sees."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.agent.types import RunRequest
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.pool import LanguageServers
from tests.agent.conftest import Stage, calls
from tests.support.real_servers import need_server, search_path
from tests.support.scripted_engine import ScriptedEngine

FAKE = Path(__file__).parents[1] / "support" / "fake_server.py"
TASK = RunRequest("do it", answer="any")
CODE = "def double(number: int) -> int:\n    return number * 2\n\n\nwrong: str = double(1)\n"


def edit(old: str, new: str, path: str = "a.py") -> object:
    return calls(("edit_file", {"path": path, "old_string": old, "new_string": new}))


@pytest.fixture
def python(stage: Stage) -> Iterator[Stage]:
    need_server("basedpyright-langserver")
    env = {**os.environ, "PATH": search_path()}
    env.pop("VIRTUAL_ENV", None)
    pool = LanguageServers(LanguageServersSettings(), lambda _: False, env)
    stage.instruments = pool
    stage.file("a.py", CODE)
    yield stage
    pool.close()


@pytest.fixture
def fake(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    command = [sys.executable, str(FAKE), str(stage.folder / "log"), *request.param]
    server = {"command": command, "languages": ["python"], "untrusted": True}
    settings = LanguageServersSettings.model_validate({"fake": server})
    pool = LanguageServers(settings, lambda _: False, {"PATH": ""})
    stage.instruments = pool
    stage.file("a.py", "x = 1\n")
    yield stage
    pool.close()


def verdicts(stage: Stage) -> list[tuple[str, bool]]:
    return [(one.data["check"], one.data["ok"]) for one in stage.of("verification")]


def run(stage: Stage, *script: object, seconds: float = 60) -> str:
    engine = ScriptedEngine(list(script))  # type: ignore[arg-type]
    settings = {"refine_passes": 1, "verify.diagnostics_seconds": seconds}
    return stage.run(engine, TASK, **settings).status


def test_an_edit_that_brings_in_a_type_error_goes_back(python: Stage) -> None:
    bad = edit("return number * 2", "return str(number)")
    mend = edit("return str(number)", "return number + number")
    # The error that was there before is nobody's fault, and it moves.
    grow = edit("def double", "import os\n\nprint(os.name)\n\n\ndef double")
    assert run(python, grow, bad, "done", mend, "now") == "edited"
    assert verdicts(python) == [
        ("syntax", True),
        ("diagnostics", False),
        ("syntax", True),
        ("diagnostics", True),
    ]
    failed, passed = (
        one.data["detail"]
        for one in python.of("verification")
        if one.data["check"] == "diagnostics"
    )
    assert failed.startswith('a.py:7:12: Type "str" is not assignable to return type "int"')
    assert failed.endswith("[basedpyright reportReturnType] | return str(number)")
    assert "\n" not in failed
    assert passed.startswith("no new error: basedpyright")


def test_an_edit_that_stays_wrong_is_rejected(python: Stage) -> None:
    bad = edit("return number * 2", "return number * missing")
    assert run(python, bad, "done", "done") == "rejected"
    assert ("diagnostics", False) in verdicts(python)


def test_a_new_file_and_its_import_are_believed(python: Stage) -> None:
    made = calls(
        ("write_file", {"path": "helper.py", "content": "def triple(n: int):\n    return n * 3\n"}),
        ("edit_file", {"path": "a.py", "old_string": "wrong: str = double(1)",
                       "new_string": "import helper\n\nprint(helper.triple(2), double(1))"}),
    )  # fmt: skip
    assert run(python, made, "done") == "edited"
    assert verdicts(python)[-1] == ("diagnostics", True)
    wrong = calls(("write_file", {"path": "helper.py", "content": "x: int = 'a'\n"}))
    assert run(python, wrong, "done", "done") == "rejected"


@pytest.mark.parametrize("fake", [()], indirect=True)
def test_the_check_can_be_turned_off(fake: Stage) -> None:
    engine = ScriptedEngine([edit("1", "BAD"), "done"])  # type: ignore[list-item]
    result = fake.run(engine, TASK, **{"verify.diagnostics": "false"})
    assert (result.status, verdicts(fake)) == ("edited", [("syntax", True)])
    assert run(fake, edit("1", "BAD"), "done", "done") == "rejected"


@pytest.mark.parametrize(
    "fake",
    [["hang"], ["silent"], ["crash"], ["crash-on-open"], ["rubbish"], ["huge"], ["stubborn"]],
    indirect=True,
    ids=lambda modes: modes[0],
)
def test_a_broken_server_never_breaks_a_run(fake: Stage) -> None:
    assert run(fake, edit("1", "2"), "done", seconds=1) == "edited"
    assert verdicts(fake) == [("syntax", True), ("diagnostics", True)]
    detail = fake.of("verification")[-1].data["detail"]
    assert "fake" in detail


def test_without_servers_there_is_nothing_to_say(stage: Stage) -> None:
    pool = LanguageServers(LanguageServersSettings(), lambda _: True, {"PATH": ""})
    stage.instruments = pool
    stage.file("a.py", "x = 1\n")
    assert run(stage, edit("1", "2"), "done") == "edited"
    assert verdicts(stage) == [("syntax", True)]
    assert pool.status() == []
