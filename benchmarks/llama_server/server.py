"""``llama-server`` as a peer, and ``llama-bench``, with all that helps them."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp

from benchmarks.llama_server.build import Build
from benchmarks.llama_server.peers import Answer, Setup, niceness
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.gguf_file import read_gguf_header
from lsp_agent.engine.llama.amx import amx_is_broken
from lsp_agent.engine.llama.template import ChatTemplate
from lsp_agent.engine.types import Fim, Request

_START_SECONDS = 120.0
# The chat endpoint finds these in the template; with them the server keeps a checkpoint of
# recurrent memory at each user message.
_DELIMITERS = [
    {"role": role, "delimiter": f"<|im_start|>{role}\n"} for role in ("user", "assistant")
]
# The cheapest way to the best token.
_GREEDY = {"temperature": 0.0, "samplers": ["top_k"], "top_k": 1}


class ServerError(Exception):
    """The server did not start or did not answer; the message holds the end of its log."""


def repacks(build: Build) -> bool:
    """Whether special weight layouts are to be used: as our engine does, which AMX may forbid.

    ``--no-repack`` sets the same parameter of llama.cpp's that our engine does.
    """
    folders = Path(llama_cpp.__file__).parent / "lib", build.programs
    return not any(amx_is_broken(folder) for folder in folders)


@dataclass(frozen=True, slots=True)
class Serving:
    """How the server is used: the requests that it serves at once, and further options.

    Without ``as_chat`` a conversation is plain text to it, as to a client of ``/completion``; with
    it, it knows where messages begin, as on its chat endpoint.
    """

    slots: int = 1
    options: tuple[str, ...] = ()
    as_chat: bool = True


def arguments(build: Build, setup: Setup, port: int, serving: Serving) -> list[str]:
    """Return the server's command line."""
    options = {
        "-m": setup.model, "--host": "127.0.0.1", "--port": port, "-c": setup.n_ctx,
        "-np": serving.slots, "-t": setup.threads, "-tb": setup.threads_batch, "-ngl": 0,
        "-b": setup.settings.n_batch, "-ub": setup.settings.n_ubatch,
        "-ctk": setup.settings.type_k, "-ctv": setup.settings.type_v,
        "-fa": setup.settings.flash_attn, "--cache-reuse": 256, "-fit": "off",
    }  # fmt: skip
    pairs = [str(part) for pair in options.items() for part in pair]
    repack = [] if repacks(build) else ["--no-repack"]
    fixed = ("--kv-unified", "--no-ui", "--offline")
    return [str(build.server), *pairs, *fixed, *repack, *serving.options]


class LlamaServer:
    """A server process of its own."""

    def __init__(self, build: Build, setup: Setup, serving: Serving) -> None:
        self._serving = serving
        header = read_gguf_header(setup.model)
        self._template = ChatTemplate(str(header.metadata["tokenizer.chat_template"]))
        self._port = _free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        command = ["nice", "-n", str(niceness()), *arguments(build, setup, self._port, serving)]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def ask(self, request: Request, cancel: CancelToken | None = None) -> Answer:
        """Answer by its stream, timed from before the request is sent."""
        path, body = self._body(request)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        connection.connect()
        line = connection.sock
        cancel = cancel or CancelToken()
        forget = cancel.on_cancel(lambda: _hang_up(line))
        try:
            return self._ask(connection, path, json.dumps(body).encode())
        except (OSError, http.client.HTTPException, ValueError, ServerError) as error:
            if cancel.cancelled:
                raise Cancelled from error
            raise ServerError(f"llama-server broke off: {error}\n{self._tail()}") from error
        finally:
            forget()
            connection.close()

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a text, none of them special."""
        found: list[int] = self._get("POST", "/tokenize", {"content": text})["tokens"]
        return found

    def settle(self) -> None:
        """Wait until no slot is at work."""
        while any(slot["is_processing"] for slot in self._get("GET", "/slots")):
            time.sleep(0.01)

    def peak_bytes(self) -> int:
        """Return the most memory that the process ever held, in bytes."""
        return peak_bytes(self.process.pid)

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def _body(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Return the endpoint and what it is sent.

        A gap goes to ``/infill``, in the server's own order; a chat is rendered here, which spares
        the server the parsing of its answer.
        """
        body: dict[str, Any] = {
            **_GREEDY, "n_predict": request.max_tokens, "stream": True, "cache_prompt": True,
        }  # fmt: skip
        if request.grammar is not None:
            body["grammar"] = request.grammar
        prompt = request.prompt
        if isinstance(prompt, Fim):
            return "/infill", body | {"input_prefix": prompt.prefix, "input_suffix": prompt.suffix}
        text = "".join(piece for piece, _ in self._template.render(prompt.messages))
        if self._serving.as_chat:
            body["message_delimiters"] = _DELIMITERS
        return "/completion", body | {"prompt": text}

    def _ask(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> Answer:
        start = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise ServerError(f"llama-server answered {response.status}: {response.read()!r}")
        first, text = 0.0, []
        while line := response.readline():
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if event.get("content"):
                first = first or time.perf_counter() - start
                text.append(event["content"])
            if event.get("stop"):
                total = time.perf_counter() - start
                counts = event["tokens_predicted"], event["tokens_evaluated"]
                cached = event["timings"]["cache_n"]
                return Answer("".join(text), first or total, total, *counts, cached)
        raise ServerError("llama-server ended its answer too soon")

    def _get(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        with contextlib.closing(connection):
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            response = connection.getresponse()
            data = response.read()
            if response.status != 200:
                raise ServerError(f"llama-server answered {response.status} to {path}: {data!r}")
            return json.loads(data)

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, ServerError):
                self._get("GET", "/health")
                return
            if self.process.poll() is not None or time.monotonic() > until:
                raise ServerError(f"llama-server did not start\n{self._tail()}")
            time.sleep(0.02)

    def _tail(self) -> str:
        self._log.seek(0)
        return "\n".join(self._log.read().decode("utf-8", "replace").splitlines()[-20:])


@contextmanager
def llama_server(build: Build, setup: Setup, serving: Serving) -> Iterator[LlamaServer]:
    """Run a server for a while."""
    server = LlamaServer(build, setup, serving)
    try:
        yield server
    finally:
        server.close()


def bench_rate(build: Build, setup: Setup, *, depth: int, tokens: int) -> float:
    """Return ``llama-bench``'s tokens a second behind a prompt of ``depth`` tokens, one run."""
    options = {
        "-m": setup.model, "-t": setup.threads, "-p": 0, "-n": tokens, "-d": depth, "-r": 1,
        "-ngl": 0, "-b": setup.settings.n_batch, "-ub": setup.settings.n_ubatch,
        "--repack": int(repacks(build)), "-o": "json",
    }  # fmt: skip
    pairs = [str(part) for pair in options.items() for part in pair]
    command = ["nice", "-n", str(niceness()), str(build.bench), *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"llama-bench ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(json.loads(done.stdout)[0]["avg_ts"])


def peak_bytes(process: int) -> int:
    """Return a process's highest resident size in bytes, which only Linux tells of others."""
    status = Path(f"/proc/{process}/status").read_text("ascii", "replace")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if "VmHWM" in line)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hang_up(line: socket.socket) -> None:
    # Closing alone would leave a reader waiting in another thread.
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
