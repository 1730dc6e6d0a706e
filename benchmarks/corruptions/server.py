"""Cases through the real server: an editor asks for a run, a scripted endpoint answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.corruptions.cases import Case
from benchmarks.corruptions.run import LAST_WORDS, TASK, End, lay_out
from benchmarks.corruptions.workspace import FILES
from tests.support.editor import SERVER, Editor, capabilities, client_factory
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


class Model:
    """Says the answers of the case at hand, and then that it is done."""

    def __init__(self) -> None:
        self._left: list[Any] = []

    def take(self, case: Case) -> None:
        self._left = list(case.answers)

    def __call__(self, _request: dict[str, Any]) -> Reply:
        said = self._left.pop(0) if self._left else LAST_WORDS
        if isinstance(said, str):
            return Reply(said, chunk=200)
        calls = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in said
        ]
        return Reply(tool_calls=calls)


async def run_through_server(folder: Path, cases: Sequence[Case]) -> list[tuple[End, str]]:
    """Return how each case ended, with the run's status; one server serves all of them."""
    lay_out(folder)
    model = Model()
    editor = Editor(client_factory(), folder)
    ends: list[tuple[End, str]] = []
    with ScriptedEndpoint(model) as endpoint:
        engine = {"kind": "openai", "baseUrl": endpoint.base_url, "model": "scripted"}
        # A formatter that happens to be installed would mend what is right as it stands.
        checks = {"lint": False}
        routed = {"engines": {"remote": engine}, "routes": {"agent": "remote"}, "verify": checks}
        await editor.client.start_io(*SERVER)
        await editor.start(capabilities("vscode"), {"lspAgent": routed})
        uris = {path: (folder / path).as_uri() for path in FILES}
        for path, uri in uris.items():
            editor.open_uri(uri, FILES[path], "plaintext")
        for case in cases:
            model.take(case)
            argument = {"task": TASK, "uri": uris[case.focus or case.edit.change.path]}
            result = await editor.command("lspAgent.run", argument)
            status = str(result["status"] if isinstance(result, dict) else result.status)
            ends.append((_end(editor, folder, uris, case), status))
            for path, uri in uris.items():
                if editor.texts[uri] != FILES[path]:
                    editor.change(uri, FILES[path])
        await editor.client.shutdown_session()
        await editor.client.stop()
    return ends


def _end(editor: Editor, folder: Path, uris: dict[str, str], case: Case) -> End:
    """Compare what the editor holds, and what lies on the disk, with what was right."""
    changed = {
        path: text for path, uri in uris.items() if (text := editor.texts[uri]) != FILES[path]
    }
    there = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    if there != set(FILES):
        return "wrong"
    if not changed:
        return "nothing"
    return "landed" if changed == {case.edit.change.path: case.after} else "wrong"
