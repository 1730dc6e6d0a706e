"""What a first request needs is there before it: the event loop imports and generates nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

# The server's own handlers on its own loop, told when nothing is left to do. What Python says of
# each import and each ``compile`` is kept where it happens in the loop's thread.
CODE = """
import asyncio, json, os, sys, threading
from lsp_agent.config.paths import Home
from lsp_agent.server.server import make_server
from lsp_agent.server.session import Session

URI = "file:///nowhere/a.py"
TEXT = "import os\\n\\n\\ndef f(a, b):\\n    # TODO: more\\n    return a + c\\n"
AT = {"start": {"line": 4, "character": 5}, "end": {"line": 4, "character": 5}}
FOUND = {"range": AT, "message": "undefined", "severity": 1}
LIST = {"textDocument": {"uri": URI}, "range": AT, "context": {"diagnostics": [FOUND]}}
ENGINE = {"kind": "openai", "base_url": sys.argv[1], "model": "scripted"}
late = []
answers = {}

def hook(event, arguments):
    if event in ("import", "compile") and threading.current_thread() is threading.main_thread():
        late.append(f"{event} {arguments[event == 'compile']}")

class Writer:
    def write(self, data):
        message = json.loads(data)
        answers[message.get("id")] = message.get("result")

async def main():
    settings = {f"engines.scripted.{key}": value for key, value in ENGINE.items()}
    session = Session(Home.find(os.environ), cli={**settings, "routes.agent": "scripted"})
    protocol = make_server(session).protocol
    protocol.set_writer(Writer(), include_headers=False)

    async def tell(method, params, **id_):
        protocol.handle_message({"jsonrpc": "2.0", "method": method, "params": params, **id_})
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    await tell("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=1)
    await tell("initialized", {})
    item = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
    await tell("textDocument/didOpen", {"textDocument": item})
    sys.addaudithook(hook)
    await tell("textDocument/codeAction", LIST, id=2)
    explain = next(one for one in answers[2] if one["kind"].endswith("explain"))
    await tell("codeAction/resolve", explain, id=3)
    run = {"command": "lspAgent.run", "arguments": [{"task": "Look."}]}
    await tell("workspace/executeCommand", run, id=4)
    print(json.dumps([len(answers[2]), "command" in answers[3], answers[4]["status"], late]))
    session.close()

asyncio.run(main())
"""


@pytest.mark.usefixtures("home")
def test_the_event_loop_imports_nothing_for_a_first_request() -> None:
    with ScriptedEndpoint([Reply("It is fine.")]) as endpoint:
        done = subprocess.run(
            [sys.executable, "-c", CODE, endpoint.base_url],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    listed, resolved, status, late = json.loads(done.stdout)
    assert listed
    assert (resolved, status) == (True, "answered")
    assert late == []
