"""The demo: the real server on the sample project, with models good, idle, slow and random."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.config.paths import Home
from lsp_agent.demo import models
from lsp_agent.demo.client import LspClient, ServerEndedError, ServerError
from lsp_agent.demo.models import DemoModel, choose_model
from lsp_agent.demo.sample import SampleProject
from lsp_agent.demo.show import Show
from lsp_agent.demo.story import Story
from lsp_agent.engine.gguf_file import ModelFileError
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import EngineUnavailableError
from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

MEND = Reply(
    tool_calls=(
        call(
            "edit_file", path="shop/receipt.py", old_string="price(nane)", new_string="price(name)"
        ),
    )
)
SAID = Reply(text="The name was misspelt.")
HEADER = "def parse(text: str) -> Money:\n"
DOCUMENT = Reply(
    tool_calls=(
        call(
            "edit_file",
            path="shop/money.py",
            old_string=HEADER,
            new_string=f'{HEADER}    """Read an amount."""\n',
        ),
    )
)
LONGER_THAN_A_REQUEST = 3.0


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    made = tmp_path / "demo"
    made.mkdir()
    return made


def remote(url: str) -> DemoModel:
    return DemoModel({"kind": "openai", "base_url": url, "model": "scripted"}, "scripted")


def test_the_sample_has_one_bug_that_its_tests_find(tmp_path: Path) -> None:
    project = SampleProject(tmp_path)
    broken = project.run_tests()
    assert not broken.ok
    assert broken.finding is not None
    assert (broken.finding.path, broken.finding.line) == ("shop/receipt.py", 27)
    assert "name 'nane' is not defined" in broken.finding.message
    file = project.path / broken.finding.path
    file.write_text(file.read_text("utf-8").replace("nane", "name"), "utf-8")
    mended = project.run_tests()
    assert mended.ok
    assert mended.finding is None
    assert mended.summary == "8 tests: OK"


def test_a_good_model_mends_the_bug(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedEndpoint([MEND, SAID, DOCUMENT, SAID]) as endpoint:
        assert Story(remote(endpoint.base_url), folder, Show(color=False)).tell()
    told = capsys.readouterr().out
    assert "8 tests: FAILED (errors=2)" in told
    assert "→ quickfix.lspAgent" in told
    assert "-            amount = amount + self.menu.price(nane) * count" in told
    assert "+            amount = amount + self.menu.price(name) * count" in told
    assert "checking syntax" in told
    assert told.count("8 tests: OK") == 2
    assert '+    """Read an amount."""' in told
    assert "\x1b" not in told


def test_a_slow_model_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    never = threading.Event()

    def slowly(body: dict[str, Any]) -> Reply:
        first = all(message["role"] != "tool" for message in body["messages"])
        never.wait(LONGER_THAN_A_REQUEST if first else 0)
        if not first:
            return SAID
        return DOCUMENT if "docstring" in str(body["messages"]) else MEND

    with ScriptedEndpoint(slowly) as endpoint:
        assert Story(remote(endpoint.base_url), folder, Show(color=True)).tell()
    told = capsys.readouterr().out
    assert "the edit will come by lspAgent.action" in told
    assert "\x1b[32m+" in told
    assert "8 tests: OK" in told


def test_an_idle_model_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedEndpoint([Reply(text="I would rather not.")]) as endpoint:
        assert not Story(remote(endpoint.base_url), folder, Show(color=False)).tell()
    told = capsys.readouterr().out
    assert "the server sent no edit" in told
    assert "I would rather not." in told


def test_a_wrong_edit_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = Reply(
        tool_calls=(
            call(
                "edit_file", path="shop/receipt.py", old_string="price(nane)", new_string="price()"
            ),
        )
    )
    with ScriptedEndpoint([wrong, SAID]) as endpoint:
        assert not Story(remote(endpoint.base_url), folder, Show(color=False)).tell()
    assert "FAILED" in capsys.readouterr().out.rstrip().splitlines()[-1]


def test_the_embedded_model_mends_and_documents(lsp_agent: Command) -> None:
    done = lsp_agent("demo", "--model", "embedded")
    assert done.status == 0, done.out + done.err
    assert "-            amount = amount + self.menu.price(nane) * count" in done.out
    assert "+            amount = amount + self.menu.price(name) * count" in done.out
    assert done.out.count("8 tests: OK") == 2
    assert '+    """' in done.out
    assert "text: " in done.out


def test_random_weights_fail(lsp_agent: Command, tmp_path: Path) -> None:
    model = tmp_path / "tiny.gguf"
    make_tiny_gguf(model)
    done = lsp_agent("demo", "--model", str(model), "--keep")
    assert done.status == 1
    kept = Path(done.err.strip().removeprefix("kept: "))
    assert kept.joinpath("shop", "shop", "receipt.py").is_file()
    shutil.rmtree(kept)


def test_a_model_that_is_not_there(lsp_agent: Command) -> None:
    done = lsp_agent("demo", "--model", "/none.gguf")
    assert (done.status, done.out) == (3, "")
    assert "/none.gguf" in done.err


@pytest.fixture
def cache(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """An llama.cpp cache with models of every kind, in an environment that shows no others."""
    folder = tmp_path / "cache"
    folder.mkdir()
    make_tiny_gguf(folder / "good.gguf")
    data = folder.joinpath("good.gguf").read_bytes()
    # Its header is sound, but llama.cpp finds no vocabulary of this kind.
    folder.joinpath("a-coder.gguf").write_bytes(data.replace(b"gpt2", b"gpt9"))
    folder.joinpath("truncated.gguf").write_bytes(data[:2000])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(models, "_SMALLEST", 0)
    return {"LLAMA_CACHE": str(folder), "LSP_AGENT_HOME": str(home)}


def test_takes_a_model_of_this_machine_that_loads(cache: Mapping[str, str]) -> None:
    said: list[str] = []
    chosen = choose_model(None, Home.find(cache), cache, said.append)
    assert str(chosen.engine["model"]).endswith("good.gguf")
    assert "found on this machine" in chosen.label
    assert len(said) == 1
    assert "a-coder.gguf" in said[0]


def test_takes_the_embedded_one_where_there_is_none(home: Path, tmp_path: Path) -> None:
    environment = {"LSP_AGENT_HOME": str(home), "LLAMA_CACHE": str(tmp_path / "none")}
    chosen = choose_model("embedded", Home.find(environment), environment, print)
    assert chosen.engine["model"] == "embedded"
    assert "million weights" in chosen.label


def test_refuses_a_named_model_that_is_none(home: Path, tmp_path: Path) -> None:
    environment = {"LSP_AGENT_HOME": str(home)}
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        choose_model(str(broken), Home.find(environment), environment, print)
    with pytest.raises(EngineUnavailableError):
        choose_model("nonsense", Home.find(environment), environment, print)


ECHO = """
import json, sys
def read():
    length = 0
    while (line := sys.stdin.buffer.readline()).strip():
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length))
def send(**message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
    sys.stdout.buffer.flush()
while True:
    message = read()
    if message["method"] == "ask":
        send(id=7, method="question", params={"x": 1})
        send(id=message["id"], result=read()["result"])
    elif message["method"] == "fail":
        send(id=message["id"], error={"code": 1, "message": "not today"})
    elif message["method"] == "die":
        sys.exit("my last words")
    elif message["method"] == "shutdown":
        send(id=message["id"], result=None)
    elif message["method"] == "exit":
        sys.exit(0)
"""


@pytest.fixture
def echo(tmp_path: Path) -> Any:
    client = LspClient(
        [sys.executable, "-c", ECHO],
        cwd=tmp_path,
        env={},
        log=tmp_path / "log",
        listener=lambda method, params: [method, params],
    )
    yield client
    client.close()


def test_the_client_answers_the_server(echo: LspClient) -> None:
    assert echo.request("ask", {}, 20) == ["question", {"x": 1}]


def test_the_client_raises_the_servers_words(echo: LspClient) -> None:
    with pytest.raises(ServerError, match="not today"):
        echo.request("fail", {}, 20)


def test_the_client_hears_of_a_dead_server(echo: LspClient) -> None:
    with pytest.raises(ServerEndedError, match="my last words"):
        echo.request("die", {}, 20)
    with pytest.raises(ServerEndedError, match="my last words"):
        echo.notify("more", {"text": "x" * 1_000_000})


def test_the_client_does_not_wait_for_ever(echo: LspClient) -> None:
    with pytest.raises(ServerEndedError, match="did not answer silence within 0"):
        echo.request("silence", {}, 0.1)
