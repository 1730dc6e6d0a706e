"""Every tool that only reads can be called from many threads at once, in one context."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

from lsp_agent.context.knowledge import Knowledge
from lsp_agent.tools.call import call_tool
from lsp_agent.tools.spec import ToolContext
from lsp_agent.workspace.roots import Root
from tests.tools.conftest import Bench

_GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c"]
ELSEWHERE = frozenset({"get_diagnostics"})
"""Asks other language servers, which have tests of their own for this."""


def test_answers_are_those_of_one_thread(bench: Bench) -> None:
    for n in range(8):
        source = f"from pkg.m{n + 1} import f{n + 1}\n\n\ndef f{n}():\n    return f{n + 1}()\n"
        bench.files(**{f"pkg__m{n}.py": source})
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*_GIT, *arguments], cwd=bench.folder, check=True)
    bench.indexed()
    knowledge = Knowledge(Root(bench.folder))
    context = ToolContext(bench.overlay, bench.cancel, bench.index, knowledge=knowledge)
    reading = [
        tool
        for tool in bench.tools.values()
        if tool.hazard == "low" and not (tool.ordered or tool.uses_notes or tool.name in ELSEWHERE)
    ]
    given = {
        "path": "pkg/m1.py", "pattern": "m*.py", "name": "f3", "query": "what does f2 return",
    }  # fmt: skip
    asked = []
    for tool in reading:
        fields = tool.arguments.model_fields
        known = {key: value for key, value in given.items() if key in fields}
        if tool.name == "list_directory":
            known["path"] = "pkg"
        asked.append((tool.name, {**dict(tool.example), **known}))
    assert len(asked) >= 14

    def call(one: tuple[str, dict[str, object]]) -> tuple[bool, str]:
        outcome = call_tool(bench.tools, one[0], one[1], context)
        return outcome.ok, outcome.text

    # Twice: what is made at the first question is kept.
    alone = [[call(one) for one in asked] for _ in range(2)][1]
    assert [name for (name, _), (ok, _text) in zip(asked, alone, strict=True) if not ok] == []
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(call, asked * 6))
    for at, said in enumerate(together):
        assert said == alone[at % len(asked)], asked[at % len(asked)]
