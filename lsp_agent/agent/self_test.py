"""Whether a model in this process can call tools: found out once, by asking it to.

The grammar makes any model's calls well-formed; one that writes a right call without it has seen
the like in training. Asked after a run, in the background: nobody ever waits for it.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

from lsp_agent.agent.formats import parse_tool_calls
from lsp_agent.agent.prompts import prompt
from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Chat, Engine, EngineInfo, Job, Lease, Message, Request
from lsp_agent.errors import LspAgentError

_PATH = "notes/todo.md"
_TOOLS = "- read_file(path): Show a file.\n- write_file(path) <<<content: Create or replace a file."
_TOKENS, _SECONDS, _IDLE_SECONDS = 96, 30.0, 3.0
_log = logging.getLogger(__name__)


def calls_tools(engine: Engine, cancel: CancelToken) -> bool:
    """Ask for one call; return whether it came, and nothing else. Cost: about 250 tokens.

    Raises what :meth:`Engine.generate` raises.
    """
    messages = (
        Message("system", f"{prompt('calls')}\n{_TOOLS}"),
        Message("user", f"Task: Show me {_PATH}."),
    )
    request = Request(Chat(messages), max_tokens=_TOKENS, job=Job.BACKGROUND)
    text = "".join(delta.text for delta in engine.generate(request, cancel))
    parsed = parse_tool_calls(text)
    made = [(call.name, dict(call.arguments)) for call in parsed.calls]
    return not parsed.problems and made == [("read_file", {"path": _PATH})]


class SelfTests:
    """What was found out of models, kept in a file of the cache folder. Thread-safe."""

    def __init__(self, file: Path, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._file = file
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._known: dict[str, bool] | None = None
        self._tried: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._closed = CancelToken()

    def known(self, info: EngineInfo) -> bool | None:
        """Return whether a model can call tools; ``None`` where that was never tried."""
        with self._lock:
            return self._all().get(_key(info))

    def consider(self, info: EngineInfo, lease: Lease) -> None:
        """Try a model that is loaded and was never tried, in a while and in the background."""
        key = _key(info)
        with self._lock:
            if not key or self._closed.cancelled or key in self._tried or key in self._all():
                return
            self._tried.add(key)
            thread = threading.Thread(target=self._work, args=(key, lease), name="self-test")
            thread.daemon = True
            self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the trials under way."""
        for thread in list(self._threads):
            thread.join(seconds)

    def close(self) -> None:
        """End the trials under way."""
        self._closed.cancel()
        self.wait(_SECONDS)

    def _work(self, key: str, lease: Lease) -> None:
        if self._closed.wait(self._idle_seconds):
            return
        cancel = CancelToken()
        undo = self._closed.on_cancel(cancel.cancel)
        timer = threading.Timer(_SECONDS, cancel.cancel)
        timer.daemon = True
        timer.start()
        try:
            with lease() as engine:
                if _key(engine.info()) == key:
                    self._note(key, able=calls_tools(engine, cancel))
        except LspAgentError as error:
            _log.info("a model could not be tried: %s", error)
        finally:
            timer.cancel()
            undo()

    def _note(self, key: str, *, able: bool) -> None:
        with self._lock:
            known = {**self._all(), key: able}
            self._known = known
            try:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file.write_text(json.dumps(known), "utf-8")
            except OSError as error:
                _log.info("what was found out of a model can't be kept: %s", error)

    def _all(self) -> dict[str, bool]:
        if self._known is None:
            self._known = _read(self._file)
        return self._known


def _key(info: EngineInfo) -> str:
    """Name a model that can be tried; ``""`` for others: narrow ones, and those elsewhere."""
    if info.kind != "llama-cpp" or info.jobs or not info.loaded:
        return ""
    return str(info.detail.get("fingerprint", ""))


def _read(file: Path) -> dict[str, bool]:
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    rows = data.items() if isinstance(data, dict) else ()
    return {key: value for key, value in rows if isinstance(value, bool)}
