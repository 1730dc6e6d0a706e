"""``lsp-agent models pull`` and ``remove``, against a hub of our own with a real GGUF file."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.cli.conftest import Command

FILE = "owner/tiny-GGUF/tiny.gguf"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """A server that has one file, as Hugging Face serves it."""
    model = tmp_path / "hub.gguf"
    make_tiny_gguf(model)
    data = model.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            found = self.path == "/owner/tiny-GGUF/resolve/main/tiny.gguf"
            self.send_response(200 if found else 404)
            content = data if found else b""
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("Accept-Ranges", "bytes")
            if not found:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()


def test_a_model_is_pulled_used_and_removed(lsp_agent: Command, hub: str, home: Path) -> None:
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT=hub)
    assert done.status == 0, done.err
    assert 'pulled tiny; use it with: model = "tiny"' in done.err
    rows = json.loads(lsp_agent("models", "list", "--json").out)
    row = next(one for one in rows if one["name"] == "tiny")
    assert row["n_params"] > 0
    assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=hub).status == 0
    assert lsp_agent("models", "remove", "tiny").status == 0
    assert not list(home.rglob("*.gguf"))
    assert lsp_agent("models", "remove", "tiny").status == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("qwen2.5-coder-1.5", "did you mean 'qwen2.5-coder-1.5b'?"),
        ("owner/tiny-GGUF/other.gguf", "can't be downloaded"),
        ("nothing", "OWNER/REPOSITORY/FILE.gguf"),
    ],
)
def test_what_can_not_be_pulled_says_why(
    lsp_agent: Command, hub: str, name: str, words: str
) -> None:
    done = lsp_agent("models", "pull", name, HF_ENDPOINT=hub)
    assert (done.status, done.out) == (3, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_without_a_network_the_way_around_is_named(lsp_agent: Command) -> None:
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.status == 3
    assert "lsp-agent models add tiny FILE.gguf" in done.err


def test_known_models_are_listed(lsp_agent: Command) -> None:
    out = lsp_agent("models", "pull").out
    assert "qwen2.5-coder-1.5b" in out
    assert "Apache-2.0" in out
