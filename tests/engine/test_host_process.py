"""A worker process that dies takes the requests under way with it, and nothing else."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import hosted_here, make_engine
from lsp_agent.engine.host.link import EngineCrashedError
from lsp_agent.engine.host.process import Pipes
from lsp_agent.engine.host.remote import RemoteEngine
from lsp_agent.engine.types import (
    ContextOverflowError,
    Engine,
    EngineUnavailableError,
    Request,
)
from tests.support.llama import SHORT, chat, complete, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes by signals")


# The grammar never allows an end; on the slow model it takes a minute and more.
NEVER_ENDING = Request(chat("word " * 20), max_tokens=8000, grammar='root ::= "a" root')


def process_engine(path: Path, home: Path, **settings: object) -> Engine:
    chosen = LlamaSettings.model_validate(
        {"model": str(path), "n_threads": 1, "isolation": "process"} | settings
    )
    return make_engine("local", chosen, Home.find({"LSP_AGENT_HOME": str(home)}), {})


@pytest.fixture
def engine(plain_model: Path, tmp_path: Path) -> Iterator[Engine]:
    engine = process_engine(plain_model, tmp_path)
    yield engine
    engine.close()


def pid_of(engine: Engine) -> int:
    return int(engine.load(CancelToken()).detail["pid"])


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody waited for yet counts."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_the_model_is_in_another_process(engine: Engine) -> None:
    assert not engine.info().loaded
    info = engine.load(CancelToken())
    assert info.loaded
    assert info.detail["isolation"] == "process"
    assert info.detail["pid"] != os.getpid()
    assert engine.info().detail["pid"] == info.detail["pid"], "known from then on"


def test_it_answers_as_the_engine_in_a_thread_does(engine: Engine, plain_model: Path) -> None:
    here = hosted_here("here", LlamaSettings(n_threads=1), plain_model)
    request = replace(SHORT, prompt=chat("half a pair \ud800, a null \0, and ünïcödé"))
    assert complete(engine, request) == complete(here, request)
    assert engine.count_tokens("def f():") == here.count_tokens("def f():")
    here.close()


@pytest.fixture
def slow(slow_model: Path, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose long answers do not end while a test looks away."""
    engine = process_engine(slow_model, tmp_path)
    yield engine
    engine.close()


def test_a_crash_fails_what_is_under_way_and_the_next_request_works(slow: Engine) -> None:
    engine = slow
    first = pid_of(engine)
    failures: list[EngineCrashedError] = []
    begun = threading.Semaphore(0)

    def consume() -> None:
        try:
            for _ in engine.generate(NEVER_ENDING, CancelToken()):
                begun.release()
        except EngineCrashedError as error:
            failures.append(error)

    threads = [threading.Thread(target=consume) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=20)
    wait_until(lambda: engine.info().detail["requests"] == 2)
    os.kill(first, signal.SIGKILL)
    for thread in threads:
        thread.join(20)
    assert [error.code for error in failures] == ["engine-crashed"] * 2
    assert "memory" in str(failures[0])
    assert complete(engine, SHORT)[1].completion
    assert pid_of(engine) != first


def test_a_process_that_died_between_two_requests_is_replaced_unseen(engine: Engine) -> None:
    expected = complete(engine, SHORT)[0]
    for _ in range(2):
        os.kill(pid_of(engine), signal.SIGKILL)
        assert complete(engine, SHORT)[0] == expected


def test_an_abort_s_last_words_are_told_and_logged(
    slow: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    deltas = slow.generate(NEVER_ENDING, CancelToken())
    next(deltas)
    os.kill(pid_of(slow), signal.SIGABRT)
    with pytest.raises(EngineCrashedError, match="SIGABRT"):
        list(deltas)
    assert "SIGABRT" in caplog.text


def test_what_the_process_says_on_stderr_goes_to_the_log(
    plain_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _ = dying_engine("import sys; sys.exit('no such thing')")
    with caplog.at_level(logging.INFO), pytest.raises(EngineCrashedError, match="no such thing"):
        engine.load(CancelToken())
    assert "no such thing" in caplog.text


def dying_engine(script: str) -> tuple[RemoteEngine, list[float]]:
    """Return an engine whose hosts end at once, and its clock."""
    now = [0.0]

    class Dying:
        def connect(self, cancel: CancelToken) -> Pipes:
            pipe = subprocess.PIPE
            process = subprocess.Popen(
                [sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0
            )
            return Pipes(process, "dying")

    here = hosted_here("dying", LlamaSettings(), Path("none.gguf"))
    return RemoteEngine("dying", Dying(), here.info, clock=lambda: now[0]), now


def test_hosts_that_die_one_after_the_other_get_a_rest() -> None:
    engine, now = dying_engine("import sys; sys.exit(3)")
    for _ in range(2):
        with pytest.raises((EngineCrashedError, EngineUnavailableError)):
            complete(engine, SHORT)
    with pytest.raises(EngineUnavailableError, match=r"3 times in a row.*status 3.*in 30 s"):
        complete(engine, SHORT)
    now[0] += 31
    with pytest.raises(EngineUnavailableError, match=r"4 times in a row"):
        complete(engine, SHORT)
    engine.close()


def test_a_prompt_that_does_not_fit_tells_both_sizes(plain_model: Path, tmp_path: Path) -> None:
    engine = process_engine(plain_model, tmp_path, n_ctx=256)
    with pytest.raises(ContextOverflowError) as caught:
        complete(engine, replace(SHORT, prompt=chat("word " * 500)))
    assert caught.value.prompt_tokens > 256
    assert caught.value.context_tokens == 256
    engine.close()


def test_a_file_that_is_no_model_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF but not really")
    engine = process_engine(path, tmp_path)
    with pytest.raises(EngineUnavailableError, match=r"broken\.gguf"):
        engine.load(CancelToken())
    engine.close()


def test_closing_ends_the_process(slow: Engine) -> None:
    pid = pid_of(slow)
    deltas = slow.generate(NEVER_ENDING, CancelToken())
    next(deltas)
    slow.close()
    assert is_gone(pid)


def test_closing_ends_a_process_that_hangs(engine: Engine) -> None:
    pid = pid_of(engine)
    os.kill(pid, signal.SIGSTOP)
    assert not engine.info().detail["requests"], "what was known is told, and at once"
    engine.close()
    assert is_gone(pid)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)", "pass"])
def test_the_process_ends_with_its_parent(slow_model: Path, tmp_path: Path, end: str) -> None:

    script = f"""
import os, signal, sys
from pathlib import Path
from lsp_agent.cancel import CancelToken
from tests.engine.test_host_process import NEVER_ENDING, process_engine
engine = process_engine(Path({str(slow_model)!r}), Path({str(tmp_path)!r}))
deltas = engine.generate(NEVER_ENDING, CancelToken())
next(deltas)
print(engine.load(CancelToken()).detail["pid"], flush=True)
{end}
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    pid = int(done.stdout)
    wait_until(lambda: is_gone(pid))
    assert done.stderr == ""


def test_the_client_s_side_imports_neither_llama_cpp_nor_numpy(
    plain_model: Path, tmp_path: Path
) -> None:
    script = f"""
import sys
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.types import Chat, Message, Request
settings = LlamaSettings(model={str(plain_model)!r}, n_threads=1, isolation="process")
engine = make_engine("local", settings, Home.find({{"LSP_AGENT_HOME": {str(tmp_path)!r}}}), {{}})
list(engine.generate(Request(Chat((Message("user", "a"),)), max_tokens=4), CancelToken()))
engine.close()
print(*[name for name in ("llama_cpp", "numpy", "httpx") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


def test_the_working_folder_is_not_imported_from(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the user's project, whose modules are not ours to run."""
    for name in ("json", "logging", "lsp_agent"):
        tmp_path.joinpath(f"{name}.py").write_text("raise SystemExit('not mine')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert complete(engine, SHORT)[1].completion


def test_what_a_library_prints_never_meets_the_frames() -> None:
    script = (
        "import os\n"
        "from lsp_agent.engine.host.process import private_stdio\n"
        "_, out = private_stdio()\n"
        "print('noise', flush=True)\n"
        "os.system('echo noise')\n"
        "os.write(out, b'frame')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"frame"
