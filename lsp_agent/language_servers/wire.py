"""A language server's process and the JSON-RPC with it, on pygls's client.

Messages stay plain JSON: real servers say things that lsprotocol's types refuse (ruff's
capabilities for notebooks, to name one), and a client only reads the few fields that it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pygls.client import JsonRPCClient
from pygls.io_ import run_async
from pygls.protocol import JsonRPCProtocol

from lsp_agent.language_servers.types import LanguageServerError

_MAX_MESSAGE = 64 * 1024 * 1024
_MAX_UNREAD = 32 * 1024 * 1024
_MAX_UNASKED = 256 * 1024 * 1024
_MAX_STDERR = 64 * 1024 * 1024
_MAX_RUBBISH = 20
_LAST_WORDS = 300
_GRACE_SECONDS = 1.0
_TERM_SECONDS = 0.4
_METHOD_NOT_FOUND = -32601
_log = logging.getLogger(__name__)
# pygls logs every message that can't be read, with a traceback: a flood of them is one note here.
_pygls_log = logging.getLogger(f"{__name__}.pygls")
_pygls_log.setLevel(logging.CRITICAL)


class RefusedError(LanguageServerError):
    """A request that the server answered with an error; ``number`` is JSON-RPC's code."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


Answer = Callable[[str, Any], Any]
"""Answers a server's request by method and parameters; raises ``KeyError`` for an unknown one."""
Notice = Callable[[str, Any], None]


class Wire(JsonRPCClient):
    """One running server. All methods belong to the event loop's thread."""

    def __init__(self, name: str, answer: Answer, notice: Notice) -> None:
        super().__init__(protocol_cls=_PlainProtocol, converter_factory=lambda: None)  # type: ignore[arg-type, return-value]
        self.name = name
        self.answer = answer
        self.notice = notice
        self.ended = asyncio.Event()
        self.reason = ""
        self.heard = 0.0
        self._ids = itertools.count(1)
        self._closing = False
        self._rubbish = 0
        self._room = _MAX_UNASKED
        self._words = b""
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        """Start the process; raises :class:`LanguageServerError`."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # A group of its own: it ends with all that it started, and Ctrl-C is not for it.
                start_new_session=sys.platform != "win32",
            )
        except (OSError, ValueError) as error:
            raise LanguageServerError(f"{self.name} can't be started: {error}") from error
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise LanguageServerError(f"{self.name} was started without pipes")
        self._process = process
        self.protocol.set_writer(process.stdin)
        reader = run_async(
            stop_event=self._stop_event,
            reader=_Bounded(process.stdout, self._spend),
            protocol=self.protocol,
            logger=_pygls_log,
            error_handler=self._count_rubbish,
        )
        self._tasks = [
            asyncio.create_task(self._follow(reader)),
            asyncio.create_task(self._drain(process.stderr)),
            asyncio.create_task(self._await_exit(process)),
        ]

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None and not self.ended.is_set()

    async def request(self, method: str, params: Any) -> Any:
        """Ask, and return the plain JSON result.

        Raises :class:`RefusedError` for an error answer and :class:`LanguageServerError` when the
        server is gone. Cancelling tells the server.
        """
        self._check()
        id_ = f"lsp-agent-{next(self._ids)}"
        waiting = self.protocol.send_request_async(method, params, msg_id=id_)
        try:
            return await waiting
        finally:
            if waiting.cancelled():
                with contextlib.suppress(LanguageServerError, OSError):
                    self.notify("$/cancelRequest", {"id": id_})
            self.protocol.forget(id_)  # type: ignore[attr-defined]

    def notify(self, method: str, params: Any) -> None:
        """Tell; raises :class:`LanguageServerError` when the server is gone or reads nothing."""
        self._check()
        self.protocol.notify(method, params)

    async def close(self) -> None:
        """End it: shutdown and exit, then SIGTERM, then SIGKILL, each to all that it started."""
        process = self._process
        if process is None:
            return
        self._closing = True
        try:
            if self.alive:
                with contextlib.suppress(LanguageServerError, TimeoutError):
                    async with asyncio.timeout(_GRACE_SECONDS):
                        await self.request("shutdown", None)
                        self.protocol.notify("exit", None)
                        await self.ended.wait()
            if process.returncode is None:
                _end_group(process.pid, signal.SIGTERM)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TERM_SECONDS):
                        await self.ended.wait()
        finally:
            self.fail("was ended")
            # With the process its pipes end, and with them who reads them.
            await asyncio.wait(self._tasks, timeout=_TERM_SECONDS)
            for task in self._tasks:
                task.cancel()
            # Else a pipe that a lost child holds, or that nobody reads, stays open until the
            # garbage collector finds it; asyncio has no public way.
            process._transport.close()  # type: ignore[attr-defined]

    def fail(self, reason: str) -> None:
        """Give the server up: whoever waits for it is told, and its processes are killed."""
        if self.ended.is_set():
            return
        self.reason = reason
        self.ended.set()
        self._stop_event.set()
        for future in list(self.protocol._request_futures.values()):
            if not future.done():
                future.set_exception(LanguageServerError(f"{self.name} {reason}"))
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            # Also after its own end: what it started may live on.
            _end_group(self._process.pid, _KILL)

    @property
    def last_words(self) -> str:
        """What it said on stderr last, on one line."""
        text = self._words.decode("utf-8", "replace").strip()
        return text.rpartition("\n")[2].strip()[-_LAST_WORDS:]

    def report_server_error(self, error: Exception, source: type[Any]) -> None:
        """Keep pygls's own errors in the log."""
        _log.debug("%s: %s: %s", self.name, source.__name__, error)

    def _check(self) -> None:
        if not self.alive or self._process is None or self._process.stdin is None:
            raise LanguageServerError(f"{self.name} {self.reason or 'is not running'}")
        self._room = _MAX_UNASKED
        if self._process.stdin.transport.get_write_buffer_size() > _MAX_UNREAD:
            self.fail("does not read what it is told")
            raise LanguageServerError(f"{self.name} {self.reason}")

    def _count_rubbish(self, error: Exception, _source: object) -> None:
        self._rubbish += 1
        _log.debug("%s says what is no message: %s", self.name, error)
        if self._rubbish > _MAX_RUBBISH:
            self.fail("says what is no JSON-RPC")

    def _spend(self, count: int) -> bool:
        """Take note of what was read; whether more may be, before something is asked again."""
        self._room -= count
        return self._room >= 0

    async def _follow(self, reader: Any) -> None:
        await reader
        # A process that ended has a better reason to tell.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TERM_SECONDS):
                await self.ended.wait()
        self.fail("floods its output" if self._room < 0 else "closed its output")

    async def _await_exit(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        words = self.last_words
        if self._closing:
            self.fail("was ended")
        self.fail(f"ended with status {code}{f': {words}' if words else ''}")

    async def _drain(self, stderr: asyncio.StreamReader) -> None:
        room = _MAX_STDERR
        while data := await stderr.read(65536):
            self._words = (self._words + data)[-4096:]
            room -= len(data)
            if room < 0:
                self.fail("floods stderr")
                return


class _PlainProtocol(JsonRPCProtocol):
    """JSON-RPC 2.0 with plain JSON as parameters and results."""

    _server: Any

    def structure_message(self, data: dict[str, Any]) -> Any:
        return data

    def handle_message(self, message: Any) -> None:
        """Dispatch one message; raises for what is none, which is counted."""
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            raise ValueError("no JSON-RPC 2.0 message")
        self._server.heard = asyncio.get_running_loop().time()
        id_, method = message.get("id"), message.get("method")
        if isinstance(method, str):
            if id_ is None:
                self._server.notice(method, message.get("params"))
            else:
                self._respond(id_, method, message.get("params"))
            return
        future = self._request_futures.get(id_) if isinstance(id_, str) else None
        if future is None or future.done():
            return  # an answer that nobody waits for any more
        error = message.get("error")
        if isinstance(error, dict):
            number = error.get("code")
            text = str(error.get("message"))[:_LAST_WORDS]
            name = self._server.name
            future.set_exception(
                RefusedError(f"{name}: {text}", number if isinstance(number, int) else 0)
            )
        else:
            future.set_result(message.get("result"))

    def forget(self, id_: str) -> None:
        """Drop what is kept of a request."""
        self._request_futures.pop(id_, None)
        self._result_types.pop(id_, None)

    def _respond(self, id_: Any, method: str, params: Any) -> None:
        reply: dict[str, Any] = {"jsonrpc": self.VERSION, "id": id_}
        try:
            reply["result"] = self._server.answer(method, params)
        except KeyError:
            reply["error"] = {"code": _METHOD_NOT_FOUND, "message": f"no method {method}"}
        self._send_data(reply)

    def _serialize_message(self, data: Any) -> dict[str, Any]:
        fields = ((field.name, getattr(data, field.name)) for field in data.__attrs_attrs__)
        return {name: value for name, value in fields if value is not None}


class _Bounded:
    """A stream that ends instead of raising, or of filling the memory."""

    def __init__(self, stream: asyncio.StreamReader, spend: Callable[[int], bool]) -> None:
        self._stream = stream
        self._spend = spend

    async def readline(self) -> bytes:
        try:
            line = await self._stream.readline()
        except (ValueError, OSError):
            return b""
        return line if self._spend(len(line)) else b""

    async def readexactly(self, n: int) -> bytes:
        if n > _MAX_MESSAGE or not self._spend(n):
            return b""
        try:
            return await self._stream.readexactly(n)
        except (asyncio.IncompleteReadError, OSError):
            return b""


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _end_group(pid: int, number: int) -> None:
    """Signal a server and all that it started; it leads a process group of its own."""
    if sys.platform == "win32":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(pid)],
                check=False,
                capture_output=True,
                timeout=5,
            )
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
