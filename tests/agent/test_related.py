"""The first prompt of a run: what the index adds to it, where, and when it adds nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lsp_agent.agent.environment import RunEnvironment
from lsp_agent.agent.loop import run_agent
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.context.assemble import MAP_TITLE, PIECES_TITLE
from lsp_agent.events import EventStream
from lsp_agent.index.build import BuildOptions
from lsp_agent.index.service import CodeIndex
from lsp_agent.tools.spec import load_tools
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from tests.context.conftest import SHOP
from tests.support.scripted_engine import ScriptedEngine

LOCAL = {"kind": "llama-cpp", "native_tools": False, "n_ctx": 32_000}
NARROW = {**LOCAL, "jobs": ("edit",), "languages": ("python",)}


@dataclass
class Asked:
    """A shop, its index, and what a model is asked first in a run there."""

    folder: Path
    index: CodeIndex

    def __call__(self, request: RunRequest, unsaved: str = "", **info: object) -> str:
        uri = (self.folder / "shop/tax.py").as_uri()
        buffers = [Buffer("shop/tax.py", uri, unsaved, 1)] if unsaved else []
        engine = ScriptedEngine(["done"], **info)
        env = RunEnvironment(
            run_id="r1",
            engine=engine,
            overlay=Overlay(Root(self.folder), buffers),
            tools=load_tools(pytest.fail),
            settings=load_settings(Sources()).settings,
            events=EventStream("r1", lambda _event: None),
            ask=lambda _question: "refuse",
            index=self.index,
        )
        run_agent(request, env, CancelToken())
        return engine.requests[0].prompt.messages[1].content


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    folder = tmp_path / "shop"
    for path, text in SHOP.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    index = CodeIndex(Root(folder), tmp_path / "index.sqlite", BuildOptions(processes=1))
    yield Asked(folder, index)
    index.close()


def at(path: str, line: int) -> Focus:
    return Focus(path, Range(Position(line, 0), Position(line, 0)))


def test_what_changes_least_stands_first(asked: Asked) -> None:
    asked.index.build(CancelToken())
    one = asked(RunRequest("take the tax off", at("shop/mail.py", 5)))
    places = [one.index(part) for part in (MAP_TITLE, "The file shop/mail.py:", PIECES_TITLE)]
    assert places == sorted(places)
    assert one.endswith("Task: take the tax off")
    other = asked(RunRequest("something else", at("shop/mail.py", 5)))
    assert other[: places[2]] == one[: places[2]]
    elsewhere = asked(RunRequest("something else", at("shop/orders.py", 5)))
    assert elsewhere[: places[1]] == one[: places[1]]


def test_what_the_code_around_the_cursor_uses_is_shown(asked: Asked) -> None:
    asked.index.build(CancelToken())
    body = asked(RunRequest("make it robust", at("shop/mail.py", 5))).partition(PIECES_TITLE)[2]
    assert "    def find_article(self, number):" in body
    assert "shop/mail.py" not in body
    assert "shop/tax.py" not in body
    assert "customs" in asked(RunRequest("customs()"), unsaved="def customs():\n    return 3\n")


def test_the_direct_profile_sees_signatures(asked: Asked) -> None:
    asked.index.build(CancelToken())
    target = Range(Position(3, 0), Position(5, 0))
    request = RunRequest("test it", at("shop/mail.py", 5), target, profile="direct")
    shown = asked(request, **LOCAL)
    body = shown.partition(PIECES_TITLE)[2].partition("The piece of")[0]
    assert "shop/store.py:4 in Store: def find_article(self, number)" in body
    assert "return self._rows" not in body
    assert "tests/" not in body
    assert MAP_TITLE not in shown


def test_a_narrow_model_sees_nothing_of_it(asked: Asked) -> None:
    asked.index.build(CancelToken())
    target = Range(Position(3, 0), Position(5, 0))
    request = RunRequest("change it", at("shop/mail.py", 5), target, action="edit")
    shown = asked(request, **NARROW)
    assert PIECES_TITLE not in shown
    assert "The piece of shop/mail.py" in shown


def test_no_index_is_not_waited_for_and_not_spoken_of(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def never(seconds: float, _check: object = None) -> bool:
        waited.append(seconds)
        return False

    monkeypatch.setattr(asked.index, "ready", never)
    began = time.monotonic()
    shown = asked(RunRequest("take the tax off"))
    assert waited == [0.3]
    assert time.monotonic() - began < 20
    assert shown == "The workspace holds: README.md, shop/, tests/\n\nTask: take the tax off"
