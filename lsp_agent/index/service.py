"""The index of one folder in a long-lived process: built in the background, kept fresh, asked."""

from __future__ import annotations

import json
import logging
import os
import posixpath
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.index.build import BuildOptions, Built, Report, build
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.types import IndexStatus
from lsp_agent.index.update import below, update
from lsp_agent.index.view import FactsCache, IndexView
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

_MADE_ANEW = "the index was broken and was built anew"
_END_SECONDS = 1.0
_MANY = 24
_RULES = frozenset({".gitignore", "exclude"})
_log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]


def database_path(cache: Path, root: Root) -> Path:
    """Return where the index of a folder lies: one for all editors and commands of this user."""
    name = sha256(os.fsencode(root.path)).hexdigest()[:24]
    return cache / "index" / f"{name}.sqlite"


class CodeIndex:
    """One folder's index. Thread-safe.

    ``progress`` is told of a build that goes on, from another thread: files done and files to do;
    equal numbers at its end. A build runs in a process of its own, with the lowest priority that
    costs no waiting, and takes this one's memory and time for nothing but its messages.
    """

    def __init__(
        self,
        root: Root,
        path: Path,
        options: BuildOptions,
        progress: Progress = lambda _done, _all: None,
    ) -> None:
        self.root = root
        self.reader = IndexReader(path, broken=self._heal)
        self._path = path
        self._options = options
        self._progress = progress
        self._cache = FactsCache()
        self._lock = threading.Lock()
        self._updating = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._again = False
        self._begun = False
        self._rebuild = False
        self._closed = False
        self._note = ""
        self._built = threading.Event()

    def view(self, overlay: Overlay) -> IndexView:
        """Return the index as an overlay changes it."""
        return IndexView(self.reader, overlay, self._cache)

    def build(self, cancel: CancelToken, report: Report = lambda _done, _all: None) -> Built:
        """Bring the index up to date in this thread; raises what ``build.build`` raises."""
        return build(self.root, self._path, self._options, cancel, report)

    def refresh(self) -> None:
        """Start bringing the index up to date with the disk; once more when it is under way."""
        with self._lock:
            if self._process is not None or self._closed:
                self._again = True
                return
            self._begun = True
            try:
                process = self._start()
            except OSError as error:
                self._complain(f"the process that builds the index can't be started: {error}")
                return
            self._built.clear()
            self._process = process
            anew, self._rebuild = self._rebuild, False
        follow = threading.Thread(target=self._follow, args=(process, anew), name="index")
        follow.daemon = True
        follow.start()

    def begin(self) -> None:
        """Bring the index up to date, if nobody has asked for that yet."""
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun:
            self.refresh()

    def ready(self, seconds: float, check: Callable[[], None] = lambda: None) -> bool:
        """Return whether the index can be asked, after waiting at most ``seconds`` for it.

        The first call brings it up to date. One that was whole before can be asked at any time;
        it may lack what changed since. ``check`` is called ten times a second and may raise.
        """
        self.begin()
        deadline = time.monotonic() + seconds
        while not self.wait(min(0.1, max(deadline - time.monotonic(), 0))):
            check()
            if time.monotonic() >= deadline:
                break
        return self.reader.complete()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until no build is under way; returns whether that is so."""
        return self._process is None or self._built.wait(seconds)

    def update(self, paths: Iterable[str]) -> None:
        """Read files again that changed, came or went. What goes wrong is noted, never raised.

        A folder stands for what is in it. Many files, or other ignore rules, take a new build.
        """
        named = list(dict.fromkeys(paths))
        rules = any(posixpath.basename(one) in _RULES for one in named)
        files = None if rules or "" in named else below(self.root, self._options, named, _MANY)
        if files is None or not self._path.exists():
            self.refresh()
            return
        try:
            with self._updating:
                update(self.root, self._path, self._options, files)
            with self._lock:
                building = self._process is not None
                # That build may have looked at the file before it changed.
                self._again = self._again or building
            if building:
                return
            if self.reader.complete():
                self._note = ""
            else:
                self.refresh()
        except LspAgentError as error:
            self._complain(str(error))
            if not self._path.exists():
                self.refresh()

    def status(self) -> IndexStatus:
        """Say how much there is and what goes on."""
        status = self.reader.status()
        state = "building" if self._process is not None else status.state
        return replace(status, state=state, note=self._note or status.note)

    def close(self) -> None:
        """End the build and the connections."""
        with self._lock:
            process, self._process = self._process, None
            self._again = False
            self._closed = True
        if process is not None:
            _end(process)
        self.reader.close()

    def _start(self) -> subprocess.Popen[str]:
        order = {
            "root": str(self.root.path),
            "path": str(self._path),
            "exclude": list(self._options.exclude),
            "max_bytes": self._options.max_bytes,
            "processes": self._options.processes,
            "rebuild": self._rebuild,
        }
        process = subprocess.Popen(
            # -P: else a module in the current folder, which may be the workspace, comes first.
            [sys.executable, "-P", "-m", "lsp_agent.index"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        # One that is dead already is noticed when it is followed.
        with suppress(OSError):
            _stdin(process).write(json.dumps(order) + "\n")
            _stdin(process).flush()
        return process

    def _follow(self, process: subprocess.Popen[str], anew: bool) -> None:
        note = "the process that builds the index ended without a word"
        for line in process.stdout or ():
            message = _message(line)
            if "all" in message:
                self._progress(message["done"], message["all"])
            elif "built" in message:
                note = message["built"]["note"] or (_MADE_ANEW if anew else "")
            elif "error" in message:
                note = message["error"]
        process.wait()
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            self.reader.forgive()
            again, self._again = self._again, False
        if note:
            self._complain(note)
        else:
            self._note = ""
        self._progress(0, 0)
        self._built.set()
        if again:
            self.refresh()

    def _heal(self) -> None:
        """Build anew what was found to be broken while it was asked."""
        with self._lock:
            self._rebuild = True
        self._complain("the index was broken and is built anew")
        self.refresh()

    def _complain(self, note: str) -> None:
        if note != self._note:
            _log.warning("index: %s", note)
        self._note = note


def _message(line: str) -> dict[str, Any]:
    """Read a line of the builder; one that was cut off when it was killed says nothing."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _end(process: subprocess.Popen[str]) -> None:
    """Close its stdin, which it takes for an order to stop, and be sure that it does."""
    with suppress(OSError):
        _stdin(process).close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stdin(process: subprocess.Popen[str]) -> IO[str]:
    if process.stdin is None:
        raise ValueError("the process was started without a pipe")
    return process.stdin
