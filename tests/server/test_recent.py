"""Where the user was in open documents, as the ring of the session has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from lsp_agent.config.paths import Home
from lsp_agent.server.server import make_server
from lsp_agent.server.session import Session
from lsp_agent.workspace.roots import Root

CODE = "".join(f"line_{number} = {number}\n" for number in range(200))


class Keys:
    """Types into documents of a server that runs in this process."""

    def __init__(self, folder: Path) -> None:
        self.session = Session(Home.find({"LSP_AGENT_HOME": str(folder / "home")}), cli={}, env={})
        self.session.roots = [Root(folder)]
        self._folder = folder
        self._features: Any = make_server(self.session).protocol.fm.features
        self._version = 1

    def open(self, name: str, text: str) -> str:
        uri = (self._folder / name).as_uri()
        item = T.TextDocumentItem(uri, "", 1, text)
        self._features[T.TEXT_DOCUMENT_DID_OPEN](T.DidOpenTextDocumentParams(item))
        return uri

    def close(self, uri: str) -> None:
        params = T.DidCloseTextDocumentParams(T.TextDocumentIdentifier(uri))
        self._features[T.TEXT_DOCUMENT_DID_CLOSE](params)

    def change(self, uri: str, change: T.TextDocumentContentChangeEvent) -> None:
        self._version += 1
        document = T.VersionedTextDocumentIdentifier(self._version, uri)
        params = T.DidChangeTextDocumentParams(document, [change])
        self._features[T.TEXT_DOCUMENT_DID_CHANGE](params)

    def type(self, uri: str, line: int, text: str) -> None:
        place = T.Range(T.Position(line, 0), T.Position(line, 0))
        self.change(uri, T.TextDocumentContentChangePartial(place, text))

    @property
    def taken(self) -> list[tuple[str, str]]:
        chunks = self.session.surroundings.ring.chunks()
        return [(chunk.path, chunk.text.partition("\n")[0]) for chunk in chunks]


@pytest.fixture
async def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


async def test_opened_edited_and_closed_places_are_taken(keys: Keys) -> None:
    uri = keys.open("a.py", CODE)
    assert keys.taken == [("a.py", "line_0 = 0")]
    keys.type(uri, 100, "x")
    keys.type(uri, 100, "y")
    assert len(keys.taken) == 1
    keys.type(uri, 180, "z")
    assert keys.taken[1:] == [("a.py", "line_84 = 84")]
    keys.close(uri)
    assert keys.taken[2:] == [("a.py", "line_164 = 164")]


async def test_a_whole_new_text_is_compared(keys: Keys) -> None:
    uri = keys.open("a.py", CODE)
    for old in ("line_100 = 100", "line_30 = 30"):
        text = CODE.replace(old, "here")
        keys.change(uri, T.TextDocumentContentChangeWholeDocument(text))
        keys.change(uri, T.TextDocumentContentChangeWholeDocument(text))
    assert keys.taken[1:2] == [("a.py", "line_84 = 84")]


async def test_what_is_no_code_or_lies_elsewhere_is_not(keys: Keys, tmp_path: Path) -> None:
    keys.open("note.txt", "one\ntwo\nthree\nfour\n")
    uri = keys.open(f"../{tmp_path.name}-other.py", CODE)
    keys.type(uri, 1, "x")
    keys.close(uri)
    keys.close("file:///never/opened.py")
    assert keys.taken == []
