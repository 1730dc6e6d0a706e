"""The editor's side: a question says all that is at stake, and what is no yes is a no."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start, remote, start_editor  # noqa: F401 - a fixture
from tests.redteam.arena import Arena
from tests.support.editor import Editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links")
RISKY = call("write_file", path=".github/workflows/x.yml", content="on: push")
Answer = Callable[[T.ShowMessageRequestParams], str | None]

REFUSALS: dict[str, Answer] = {
    "nothing": lambda _: None,
    "refuse": lambda _: "Refuse",
    "what was not offered": lambda _: "Always allow here",
    "another case": lambda _: "ALLOW",
    "with a space": lambda _: "Allow ",
    "the question itself": lambda asked: asked.message,
    "a look-alike": lambda _: "Аllow",
    "yes": lambda _: "yes",
    "very much": lambda _: "Allow" * 10_000,
}


@pytest.fixture
async def editor(arena: Arena, start_editor: Start) -> AsyncIterator[Callable[..., object]]:  # noqa: F811
    endpoints: list[ScriptedEndpoint] = []

    async def start(*answers: Reply, client: str = "vscode") -> Editor:
        endpoint = ScriptedEndpoint(answers)
        endpoint.__enter__()
        endpoints.append(endpoint)
        made: Editor = await start_editor(client, remote(endpoint.base_url))
        return made

    yield start
    for endpoint in endpoints:
        endpoint.__exit__()


def status(result: object) -> str:
    said = json.loads(
        json.dumps(result, default=lambda o: getattr(o, "_asdict", lambda: vars(o))())
    )
    return str(said["status"])


async def test_what_is_no_yes_is_a_no(arena: Arena, editor: Callable[..., object]) -> None:
    end = Reply(text="Done.")
    one = await editor(*[answer for _ in REFUSALS for answer in (Reply(tool_calls=(RISKY,)), end)])
    assert isinstance(one, Editor)
    for name, answer in REFUSALS.items():
        one.answer = answer
        result = await one.command("lspAgent.run", {"task": name})
        assert status(result) in ("answered", "no_change", "rejected"), name
        assert not (one.folder / ".github").exists(), name
    assert len(one.questions) == len(REFUSALS)
    assert one.applied == []
    arena.assert_unharmed()


SPOOFS = {
    "a long beginning": "echo " + "x" * 400 + "; sh evil.sh",
    "lines": "echo fine\n\n\n\n\n\nAllow this? It is harmless.\nsh evil.sh",
    "carriage returns": "sh evil.sh\recho fine     ",
    "turned text": "echo \u202ehs.live hs",
    "hidden text": "echo \u200b\u2060 fine; sh evil.sh",
    "escape sequences": "echo \x1b[8m; sh evil.sh\x1b[0m",
    "markup": "[Click to see](command:evil) <img src=x> ![x](http://127.0.0.1/x)",
    "a question of its own": "Allow read_file? lsp-agent: this is safe",
}


async def test_a_question_shows_what_is_asked(arena: Arena, editor: Callable[..., object]) -> None:
    calls = [call("execute_command", command=text) for text in SPOOFS.values()]
    answers = [
        answer for one in calls for answer in (Reply(tool_calls=(one,)), Reply(text="Done."))
    ]
    one = await editor(*answers)
    assert isinstance(one, Editor)
    for name, text in SPOOFS.items():
        before = len(one.questions)
        await one.command("lspAgent.run", {"task": name})
        for asked in one.questions[before:]:
            assert asked.message.startswith("lsp-agent: Allow execute_command?"), name
            assert not any(c in asked.message for c in "\u202e\u200b\u2060\x1b\r"), name
            if "evil.sh" in text:
                assert "evil.sh" in asked.message, name
            assert "](command:" not in asked.message, name
            assert "](http" not in asked.message, name
    arena.assert_unharmed()


async def test_two_questions_at_once_get_their_own_answers(
    arena: Arena, editor: Callable[..., object]
) -> None:
    def script(body: dict[str, object]) -> Reply:
        told = json.dumps(body)
        if '"role": "tool"' in told:
            return Reply(text="Done.")
        name = "yes" if "Task: yes" in told else "no"
        path = f".github/workflows/{name}.yml"
        return Reply(tool_calls=(call("write_file", path=path, content="on: push"),))

    with ScriptedEndpoint(script) as endpoint:
        one = await editor(Reply(text="unused"))
        assert isinstance(one, Editor)
        settings = remote(endpoint.base_url)["lspAgent"]
        one.client.workspace_did_change_configuration(
            T.DidChangeConfigurationParams({"lspAgent": settings})
        )
        (one.folder / ".github" / "workflows").mkdir(parents=True)
        one.answer = lambda asked: "Allow" if "/yes.yml" in asked.message else "Refuse"
        results = await asyncio.gather(
            *(one.command("lspAgent.run", {"task": task}) for task in ("yes", "no", "yes", "no"))
        )
        made = sorted(path.name for path in (one.folder / ".github" / "workflows").iterdir())
        assert "no.yml" not in made
        assert len(results) == 4
    arena.assert_unharmed()


LINKS = (
    "![x](http://127.0.0.1:@TCP4@/?q=secret)", "[x](http://127.0.0.1:@TCP4@/)",
    "<img src='http://127.0.0.1:@TCP4@/x'>", "<http://127.0.0.1:@TCP4@/>",
    "[x][1]\n\n[1]: http://127.0.0.1:@TCP4@/ 'x'", "![x][1]\n\n[1]: <http://127.0.0.1:@TCP4@/>",
    "[x](command:workbench.action.terminal.sendSequence)", "[x](file:///etc/passwd)",
    "[x](vscode://evil/x)", "<script>fetch('http://127.0.0.1:@TCP4@')</script>",
    "[x](\n  javascript:alert(1))", "<a href=\"http://127.0.0.1:@TCP4@\">x</a>",
    "<iframe src=//127.0.0.1:@TCP4@>", "![x](data:text/html;base64,AA)",
)  # fmt: skip

LIVE = (
    "](http", "](command", "](file", "](vscode", "](data", "](javascript", "]: http", "]: <http",
    "<http", "<img", "<script", "<a ", "<iframe",
)  # fmt: skip


async def test_no_link_of_an_answer_is_live(arena: Arena, editor: Callable[..., object]) -> None:
    texts = [arena.fill(text) for text in LINKS]
    one = await editor(*[Reply(text=f"It is so. {text} See.") for text in texts])
    assert isinstance(one, Editor)
    uri = one.open("a.py", "x = 1\n")
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    for text in texts:
        said = str(await one.command("lspAgent.explain", {"uri": uri, "range": place}))
        assert not [live for live in LIVE if live in said], (text, said)
    arena.assert_unharmed()
