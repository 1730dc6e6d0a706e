"""What a server's prefix cache lives on: each request begins with the whole of the one before."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.cli.conftest import Command
from tests.context.conftest import SHOP
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call


def up_to_messages(body: dict[str, Any]) -> str:
    """Return a request's body as it was sent, up to the end of its last message."""
    text = json.dumps(body, ensure_ascii=False)
    end = text.index(json.dumps(body["messages"][-1], ensure_ascii=False) + "]")
    return text[: end + len(json.dumps(body["messages"][-1], ensure_ascii=False))]


def test_turns_share_their_prefix_byte_for_byte(
    lsp_agent: Command, work: Path, use_remote: Callable[..., None]
) -> None:
    work.joinpath("a.py").write_text("x = 1\n", "utf-8")
    replies = [
        Reply("I look.", tool_calls=[call("read_file", path="a.py")]),
        Reply(tool_calls=[call("list_directory")]),
        Reply("All is well."),
    ]
    with ScriptedEndpoint(replies) as endpoint:
        use_remote(endpoint.base_url)
        lsp_agent("run", "say what a.py holds")
        first = list(endpoint.requests)
    turns = [up_to_messages(body) for body in first]
    assert len(turns) >= 3
    for earlier, later in pairwise(turns):
        assert later.startswith(earlier)
    names = [tool["function"]["name"] for tool in first[0]["tools"]]
    assert names == sorted(names)


def test_two_runs_share_system_prompt_and_tools(
    lsp_agent: Command, work: Path, use_remote: Callable[..., None]
) -> None:
    """No time, no id and no task stands before the first message of the user."""
    work.joinpath("a.py").write_text("x = 1\n", "utf-8")
    with ScriptedEndpoint([Reply("done")]) as endpoint:
        use_remote(endpoint.base_url)
        for task in ("say what a.py holds", "say it in other words"):
            lsp_agent("run", task)
        one, other = (
            body for body in endpoint.requests if body["messages"][-1]["content"].count("Task:")
        )
    system = json.dumps(one["messages"][0], ensure_ascii=False)
    text = json.dumps(one, ensure_ascii=False)
    shared = text[: text.index(system) + len(system)]
    assert '"tools"' in shared
    assert json.dumps(other, ensure_ascii=False).startswith(shared)
    assert one["messages"][0]["role"] == "system"


def test_runs_in_an_indexed_folder_share_its_map(
    lsp_agent: Command, work: Path, use_remote: Callable[..., None]
) -> None:
    """The map stands before all that depends on the task; passages for the task right before it."""
    for path, text in SHOP.items():
        (work / path).parent.mkdir(exist_ok=True)
        (work / path).write_text(text, "utf-8")
    lsp_agent("map")
    with ScriptedEndpoint([Reply("done")]) as endpoint:
        use_remote(endpoint.base_url)
        for task in ("how is total_price made", "what does tax_rate say"):
            assert lsp_agent("run", task).status == 0
        one, other = (
            text
            for body in endpoint.requests
            if "Task:" in (text := body["messages"][-1]["content"])
        )
    begin, _, rest = one.partition("What may matter for the task:\n")
    assert "The repository, most used files first:\nshop/store.py:\nclass Store\n" in begin
    assert other.startswith(begin)
    assert "shop/basket.py:8-10 in Basket\n    def total_price(self):" in rest
    assert rest.endswith("Task: how is total_price made")


def test_a_run_without_the_index_is_shown_the_names_only(
    lsp_agent: Command, work: Path, use_remote: Callable[..., None]
) -> None:
    work.joinpath("a.py").write_text("x = 1\n", "utf-8")
    with ScriptedEndpoint([Reply("done")]) as endpoint:
        use_remote(endpoint.base_url, "[index]\nenabled = false\n")
        assert lsp_agent("run", "say what a.py holds").status == 0
        (body,) = endpoint.requests
    said = body["messages"][-1]["content"]
    assert said == "The workspace holds: a.py\n\nTask: say what a.py holds"
