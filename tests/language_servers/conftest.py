"""A folder, the servers on it, and a way to ask them as a run does."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.pool import LanguageServers
from lsp_agent.language_servers.types import Findings, View
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files
from tests.support.real_servers import search_path

FAKE = Path(__file__).parents[1] / "support" / "fake_server.py"


class Bench:
    """One folder with the servers that may work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "wörk spaß"
        self.folder.mkdir()
        self.log = folder / "server.log"
        self.cancel = CancelToken()
        self.pools: list[LanguageServers] = []

    def file(self, path: str, text: str) -> None:
        write_files(self.folder, {path: text})

    def overlay(self, **unsaved: str) -> Overlay:
        """Return a run's view; ``a_py="…"`` is unsaved text of a.py."""
        named = {name.replace("_", "."): text for name, text in unsaved.items()}
        uris = {name: (self.folder / name).as_uri() for name in named}
        buffers = [Buffer(name, uris[name], text, 1) for name, text in named.items()]
        return Overlay(Root(self.folder), buffers)

    def pool(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        trusted: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> LanguageServers:
        """Return servers; the real ones are on PATH unless ``env`` says otherwise."""
        real = {**os.environ, "PATH": search_path()}
        real.pop("VIRTUAL_ENV", None)
        pool = LanguageServers(
            LanguageServersSettings.model_validate(settings or {}),
            lambda _: trusted,
            real if env is None else env,
        )
        self.pools.append(pool)
        return pool

    def fake(self, *modes: str, **settings: object) -> LanguageServers:
        """Return a pool whose only server is the fake one."""
        command = [sys.executable, str(FAKE), str(self.log), *modes]
        server = {"command": command, "languages": ["python"], "untrusted": True}
        env = {"PATH": "", "MY_SECRET": "x", "MY_NAME": "x"}
        return self.pool({"fake": server, **settings}, trusted=False, env=env)

    def ask(
        self, pool: LanguageServers, path: str, seconds: float = 30.0, **unsaved: str
    ) -> Findings:
        view = View.of(self.overlay(**unsaved))
        assert view is not None
        return pool.diagnostics(view, [path], self.cancel, seconds)

    def told(self) -> list[str]:
        """Return what the fake server noted."""
        return self.log.read_text("utf-8").splitlines() if self.log.exists() else []

    def pids(self) -> list[int]:
        return [int(line.split()[1]) for line in self.told() if line.startswith("pid")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for pool in bench.pools:
        pool.close()


def eventually(holds: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    """Whether a process has ended; one that waits for its parent's notice has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc").exists() or not Path(f"/proc/{pid}").exists()
    return state in "ZX"
