"""Whatever is wrong with a call becomes an answer that the model can act on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.tools.call import BadCallError, call_tool, check_call
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError
from lsp_agent.workspace.overlay import Overlay


class Wanted(Arguments):
    """Arguments of the tool under test."""

    path: str
    names: list[str] = Field(default_factory=list)
    line: int | None = None
    deep: bool = False


def echo(_context: ToolContext, arguments: Wanted) -> str:
    if arguments.path == "tool-error":
        raise ToolError("no such thing; try another")
    if arguments.path == "bug":
        raise ZeroDivisionError("division by zero")
    return "x" * 50_000 if arguments.path == "long" else repr(arguments)


TOOL: Tool[Any] = Tool("look", "Looks.", Wanted, "low", echo, {"path": "a"})
TOOLS = {"look": TOOL}


def checked(**arguments: Any) -> dict[str, Any]:
    return check_call(TOOLS, "look", arguments)[1].model_dump()


def context(cancel: CancelToken | None = None) -> ToolContext:
    return ToolContext(Overlay(None), cancel or CancelToken())


def test_text_becomes_what_the_schema_wants() -> None:
    assert checked(path="1", names='["a", "b"]', line="2", deep="true") == {
        "path": "1",
        "names": ["a", "b"],
        "line": 2,
        "deep": True,
    }
    assert checked(path="a", line="null")["line"] is None


@pytest.mark.parametrize("text", ["[1]", "null", "42", "true", '{"a": 1}'])
def test_text_that_is_to_be_text_stays(text: str) -> None:
    assert checked(path=text)["path"] == text
    assert checked(path=text, names="[]")["path"] == text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "the argument 'path' is missing"),
        ({"path": "a", "name": "b"}, "there is no argument 'name'"),
        ({"": "{broken"}, "the arguments are no JSON object"),
        ({"path": "a", "names": "b, c"}, "'names' can't be 'b, c'"),
        ({"path": "a", "names": "{}"}, "'names' can't be '{}'"),
        ({"path": "a", "line": "soon"}, "'line' can't be 'soon'"),
        ({"path": 7}, "'path' can't be 7"),
    ],
)
def test_arguments_that_do_not_fit_are_told(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(BadCallError) as caught:
        check_call(TOOLS, "look", arguments)
    assert says in str(caught.value)
    assert '{"name": "look", "arguments": {"path": "a"}}' in str(caught.value)


def test_an_unknown_tool_names_the_nearest() -> None:
    with pytest.raises(BadCallError, match="did you mean look"):
        check_call(TOOLS, "lok", {})


def test_outcomes() -> None:
    assert call_tool(TOOLS, "look", {"path": "a"}, context()).ok
    refused = call_tool(TOOLS, "look", {"path": "tool-error"}, context())
    assert (refused.ok, refused.text) == (False, "error: no such thing; try another")
    broken = call_tool(TOOLS, "look", {"path": "bug"}, context())
    assert (broken.ok, broken.text) == (False, "error: look failed: division by zero")
    long = call_tool(TOOLS, "look", {"path": "long"}, context())
    assert long.ok
    assert long.truncated
    assert len(long.text) < 41_000


def test_nothing_is_called_after_a_cancellation() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        call_tool(TOOLS, "look", {"path": "a"}, context(cancel))
