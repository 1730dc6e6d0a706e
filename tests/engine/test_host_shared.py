"""Windows of one user share a model's process; nobody else gets in, and a dead one is replaced."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import hosted_here, make_engine
from lsp_agent.engine.host import place as room
from lsp_agent.engine.host.greeting import Connection, greet
from lsp_agent.engine.host.link import EngineCrashedError
from lsp_agent.engine.host.place import Address, Place, key_of
from lsp_agent.engine.host.process import Setup
from lsp_agent.engine.host.remote import RemoteEngine
from lsp_agent.engine.host.shared import SharedHost
from lsp_agent.engine.host.wire import FrameReader, WireError, frame
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.types import Engine, EngineUnavailableError
from tests.engine.test_host_process import NEVER_ENDING, is_gone, pid_of
from tests.support.llama import SHORT, complete, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes by signals")

Window = Callable[..., RemoteEngine]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "hosts"


@pytest.fixture
def window(plain_model: Path, folder: Path) -> Iterator[Window]:
    """Make an engine as each window has one; hosts end at once with their last client."""
    engines: list[RemoteEngine] = []

    def make(path: Path = plain_model, grace: float = 0.0, **settings: object) -> RemoteEngine:
        chosen = LlamaSettings.model_validate({"n_threads": 1} | settings)
        here = hosted_here("local", chosen, path)
        shared = SharedHost(Setup("local", chosen, path), folder, grace)
        engines.append(RemoteEngine("local", shared, here.info))
        return engines[-1]

    yield make
    pids = {pid_of(engine) for engine in engines if engine._link is not None}
    for engine in engines:
        engine.close()
    wait_until(lambda: all(is_gone(pid) for pid in pids))


def test_two_windows_share_one_process(window: Window) -> None:
    one, two = window(), window()
    assert pid_of(one) == pid_of(two) != os.getpid()
    detail = two.load(CancelToken()).detail
    assert (detail["clients"], detail["isolation"]) == (2, "shared")
    assert complete(one, SHORT)[0] == complete(two, SHORT)[0]


def test_windows_that_start_at_once_share_one_process(window: Window) -> None:
    engines = [window() for _ in range(4)]
    pids: list[int] = []
    threads = [
        threading.Thread(target=lambda engine=engine: pids.append(pid_of(engine)))  # type: ignore[misc]
        for engine in engines
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_the_host_is_found_below_the_state_folder(plain_model: Path, tmp_path: Path) -> None:
    home = Home.find({"LSP_AGENT_HOME": str(tmp_path)})
    settings = LlamaSettings(model=str(plain_model), n_threads=1, isolation="shared")
    engines: list[Engine] = [make_engine(name, settings, home, {}) for name in ("one", "two")]
    infos = [engine.load(CancelToken()) for engine in engines]
    assert [info.name for info in infos] == ["one", "two"]
    assert infos[0].detail["pid"] == infos[1].detail["pid"]
    assert list(home.hosts.glob("*.json"))
    for engine in engines:
        engine.close()
    # Else it would stay for a minute.
    os.kill(infos[0].detail["pid"], signal.SIGKILL)


def test_only_this_user_may_read_and_enter(window: Window, folder: Path) -> None:
    window().load(CancelToken())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_was_open_is_shut(window: Window, folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    window().load(CancelToken())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_a_link_is_not_used(window: Window, folder: Path, tmp_path: Path) -> None:
    folder.parent.mkdir()
    folder.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(EngineUnavailableError, match="not a folder of yours"):
        window().load(CancelToken())


def test_without_the_token_nobody_is_served(window: Window, folder: Path) -> None:
    engine = window()
    engine.load(CancelToken())
    address = Place(folder, next(folder.glob("*.json")).stem).address()
    assert address is not None
    guess = Connection(address.connect(5))
    with pytest.raises(WireError, match="token"):
        greet(guess, "0" * 64)
    guess.finish()
    rude = address.connect(5)
    rude.sendall(frame(id=1, op="info") + frame(id=2, op="info"))
    frames = FrameReader(rude.recv)
    assert set(frames.next() or {}) == {"nonce", "proof"}
    assert frames.next() is None
    rude.close()
    assert complete(engine, SHORT)[1].completion


def test_who_does_not_know_the_token_is_no_host() -> None:
    """Behind a port that a host had before may be anybody; it is told nothing."""
    heard: list[bytes] = []
    token = "ab" * 32
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(frame(nonce="1", proof="2"))
                connection.settimeout(5)
                while data := connection.recv(4096):
                    heard.append(data)

        thread = threading.Thread(target=listen)
        thread.start()
        connection = Connection(Address(token, port=listener.getsockname()[1]).connect(5))
        with pytest.raises(WireError):
            greet(connection, token)
        connection.finish()
        thread.join(10)
    assert token.encode("ascii") not in b"".join(heard)


def test_a_loopback_port_serves_where_no_unix_socket_can(
    window: Window, folder: Path, tmp_path: Path, plain_model: Path
) -> None:
    deep = tmp_path / ("d" * 110) / "hosts"
    settings = LlamaSettings(n_threads=1)
    shared = SharedHost(Setup("local", settings, plain_model), deep, 0.0)
    engine = RemoteEngine("local", shared, hosted_here("local", settings, plain_model).info)
    assert complete(engine, SHORT)[1].completion
    address = Place(deep, next(deep.glob("*.json")).stem).address()
    assert address is not None
    assert address.port
    engine.close()


def test_a_window_that_is_killed_leaves_the_other_working(
    window: Window, slow_model: Path, folder: Path
) -> None:
    engine = window(slow_model)
    pid = pid_of(engine)
    script = f"""
import os, signal
from pathlib import Path
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.factory import hosted_here
from lsp_agent.engine.host.process import Setup
from lsp_agent.engine.host.remote import RemoteEngine
from lsp_agent.engine.host.shared import SharedHost
from tests.engine.test_host_process import NEVER_ENDING
path, settings = Path({str(slow_model)!r}), LlamaSettings(n_threads=1)
shared = SharedHost(Setup("other", settings, path), Path({str(folder)!r}))
engine = RemoteEngine("other", shared, hosted_here("other", settings, path).info)
deltas = engine.generate(NEVER_ENDING, CancelToken())
next(deltas)
print(engine.load(CancelToken()).detail["pid"], flush=True)
signal.pause()
"""
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    with other.stdout:
        try:
            assert int(other.stdout.readline()) == pid
            assert engine.load(CancelToken()).detail["requests"] == 1
        finally:
            other.kill()
            other.wait()
    wait_until(lambda: engine.info().detail["requests"] == 0)
    wait_until(lambda: engine.info().detail["clients"] == 1)
    assert complete(engine, SHORT)[1].completion
    assert pid_of(engine) == pid


def test_a_cancelled_request_of_one_window_is_freed(window: Window, slow_model: Path) -> None:
    one, two = window(slow_model), window(slow_model)
    cancel = CancelToken()
    deltas = one.generate(NEVER_ENDING, cancel)
    next(deltas)
    assert two.load(CancelToken()).detail["requests"] == 1
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(deltas)
    wait_until(lambda: two.info().detail["requests"] == 0)
    assert complete(two, SHORT)[1].completion


def test_a_host_that_died_is_replaced(window: Window, slow_model: Path) -> None:
    one, two = window(slow_model), window(slow_model)
    pid = pid_of(one)
    deltas = two.generate(NEVER_ENDING, CancelToken())
    next(deltas)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(EngineCrashedError) as caught:
        list(deltas)
    assert caught.value.code == "engine-crashed"
    assert complete(one, SHORT)[1].completion
    assert complete(two, SHORT)[1].completion
    assert pid_of(one) == pid_of(two) != pid


def test_the_host_ends_by_itself_and_leaves_no_address(window: Window, folder: Path) -> None:
    engine = window(grace=0.2)
    pid = pid_of(engine)
    engine.close()
    wait_until(lambda: is_gone(pid))
    assert not [path for path in folder.iterdir() if path.suffix in {".json", ".sock"}]


def test_a_window_that_comes_back_in_the_grace_finds_the_same_host(window: Window) -> None:
    first = window(grace=20.0)
    pid = pid_of(first)
    first.close()
    second = window(grace=20.0)
    assert pid_of(second) == pid
    second.close()
    os.kill(pid, signal.SIGKILL)


def test_windows_come_and_go(window: Window) -> None:
    """A host that is about to end takes nobody down with it."""
    for _ in range(5):
        engine = window(grace=0.0)
        assert complete(engine, SHORT)[1].completion
        engine.close()


def test_what_must_be_equal_to_share(
    plain_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LlamaSettings(n_threads=1)
    base = key_of(Setup("a", settings, plain_model))
    isolated = settings.model_copy(update={"isolation": "shared", "model": "other name"})
    assert key_of(Setup("b", isolated, plain_model)) == base
    assert key_of(Setup("a", LlamaSettings(n_threads=2), plain_model)) != base
    other = tmp_path / "other.gguf"
    make_tiny_gguf(other)
    assert key_of(Setup("a", settings, other)) != base
    monkeypatch.setattr(room, "__version__", "99.0")
    assert key_of(Setup("a", settings, plain_model)) != base


def test_a_model_that_is_not_there(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "late.gguf"
    make_tiny_gguf(path)
    engine = window(path)
    path.unlink()
    with pytest.raises(EngineUnavailableError, match=r"late\.gguf can't be read"):
        engine.load(CancelToken())
