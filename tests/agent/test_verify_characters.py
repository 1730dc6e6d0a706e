"""A run whose edit holds what a reader does not see."""

from __future__ import annotations

from lsp_agent.agent.types import RunRequest
from tests.agent.conftest import Stage, calls
from tests.support.scripted_engine import ScriptedEngine


def test_a_model_is_told_and_mends_it(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")

    def edit(new: str) -> object:
        return calls(("edit_file", {"path": "a.py", "old_string": "x = 1", "new_string": new}))

    bad, good = (
        edit("x = 2  # \u202eon"),
        calls(("write_file", {"path": "a.py", "content": "x = 2\n"})),
    )
    engine = ScriptedEngine([bad, "done", good, "done"])  # type: ignore[list-item]
    result = stage.run(engine, RunRequest("do it", answer="any"))
    assert result.status == "edited"
    assert result.changes[0].after == "x = 2\n"
    verdicts = [(one.data["check"], one.data["ok"]) for one in stage.of("verification")]
    assert ("characters", False) in verdicts


def test_it_can_be_turned_off(stage: Stage) -> None:
    stage.file("a.py", "x = 1\n")
    edit = calls(
        ("read_file", {"path": "a.py"}),
        ("write_file", {"path": "a.py", "content": "x = 'a\u200bb'\n"}),
    )
    settings = {"verify.characters": "false"}
    result = stage.run(
        ScriptedEngine([edit, "done"]),  # type: ignore[list-item]
        RunRequest("do it", answer="any"),
        **settings,
    )
    assert result.status == "edited"
