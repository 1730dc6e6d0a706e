"""The doctor's checks: each looks at one thing and knows the one command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lsp_agent import __version__
from lsp_agent.cli.context import CliContext
from lsp_agent.errors import LspAgentError

_SECONDS = 20.0
_ROUTES: tuple[Literal["agent", "action", "completion"], ...] = ("agent", "action", "completion")
_EDITORS = ("code", "codium", "nvim", "hx", "emacs", "kak", "zed", "subl")
_LINTERS = ("ruff", "eslint")
_GPU_PROBE = (
    "import llama_cpp.llama_cpp as c, llama_cpp; "
    "print(llama_cpp.__version__, bool(c.llama_supports_gpu_offload()))"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; ``fix`` is a command, ``required`` says that nothing works without."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    required: bool = False


def run_checks(context: CliContext, folder: Path) -> list[Check]:
    """Look at everything; a check that breaks is itself a finding."""
    groups: tuple[Callable[[CliContext, Path], Iterator[Check]], ...] = (
        _python,
        _state,
        _configuration,
        _library,
        _models,
        _tools,
    )
    found: list[Check] = []
    for group in groups:
        try:
            found += group(context, folder)
        except LspAgentError as error:
            found.append(Check(group.__name__.strip("_"), False, str(error), required=True))
    return found


def _python(_: CliContext, __: Path) -> Iterator[Check]:
    detail = f"lsp-agent {__version__} on Python {platform.python_version()}, {platform.platform()}"
    yield Check("version", (3, 11) <= sys.version_info[:2] < (3, 15), detail, required=True)


def _state(context: CliContext, _: Path) -> Iterator[Check]:
    root = context.home.root
    try:
        context.home.folder(root)
        ok = os.access(root, os.W_OK)
        detail = f"{root} can {'' if ok else 'not '}be written"
    except LspAgentError as error:
        ok, detail = False, str(error)
    yield Check("state folder", ok, detail, "export LSP_AGENT_HOME=DIR", required=True)


def _configuration(context: CliContext, folder: Path) -> Iterator[Check]:
    problems = context.load(folder).problems
    bad = [str(one) for one in problems if one.level == "error"]
    warnings = [str(one) for one in problems if one.level == "warning"]
    file = context.home.config_file
    good = f"{file}{'' if file.exists() else ' (not there; defaults hold)'}"
    yield Check(
        "configuration", not bad, "; ".join(bad) or good, "lsp-agent config check", required=True
    )
    if warnings:
        yield Check("workspace trust", False, "; ".join(warnings), f"lsp-agent trust {folder}")


def _library(_: CliContext, __: Path) -> Iterator[Check]:
    from lsp_agent.engine.llama.library import REQUIRED_VERSION

    # In a process of its own: a broken native library must not end the doctor.
    done = subprocess.run(
        [sys.executable, "-c", _GPU_PROBE],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    words = done.stdout.split()
    fix = f"pip install llama-cpp-python=={REQUIRED_VERSION}"
    if done.returncode or len(words) != 2:
        reason = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        yield Check("llama-cpp-python", False, f"can't be imported: {reason}", fix, required=True)
        return
    version, offload = words
    yield Check(
        "llama-cpp-python",
        version == REQUIRED_VERSION,
        f"version {version}, {REQUIRED_VERSION} is needed",
        fix,
        required=True,
    )
    yield Check(
        "GPU offload",
        offload == "True",
        "this build can use a GPU" if offload == "True" else "this build is CPU only",
        'CMAKE_ARGS="-DGGML_CUDA=on" pip install --force-reinstall --no-cache-dir '
        f"llama-cpp-python=={REQUIRED_VERSION}  (Metal: -DGGML_METAL=on, Vulkan: -DGGML_VULKAN=on)",
    )


def _models(context: CliContext, folder: Path) -> Iterator[Check]:
    from lsp_agent.config.model import LlamaSettings
    from lsp_agent.engine.router import EngineRouter

    settings = context.load(folder).settings
    names = {settings.routes.agent, settings.routes.action, settings.routes.completion}
    router = EngineRouter(settings, context.home, os.environ)
    for name in sorted(one for one in names if one):
        engine = settings.engines[name]
        if isinstance(engine, LlamaSettings):
            yield _model(context, name, engine.model)
            continue
        from lsp_agent.cancel import CancelToken

        try:
            route = next(one for one in _ROUTES if router.name_of(one) == name)
            detail = router.engine(route).load(CancelToken()).detail
            yield Check(f"engine {name}", True, _answering(detail), required=True)
        except LspAgentError as error:
            fix = "start that server, or: lsp-agent config show"
            yield Check(f"engine {name}", False, str(error), fix, required=True)
    router.close()


def _answering(detail: Mapping[str, Any]) -> str:
    """Say which servers of an engine answer."""
    endpoints = detail.get("endpoints")
    if not endpoints:
        return f"{detail['base_url']} answers"
    silent = [one["url"] for one in endpoints if not one["well"]]
    rest = f", not {', '.join(silent)}" if silent else ""
    return f"{len(endpoints) - len(silent)} of {len(endpoints)} servers answer{rest}"


def _model(context: CliContext, engine: str, model: str) -> Check:
    from lsp_agent.engine.catalogue import EMBEDDED, Catalogue
    from lsp_agent.engine.gguf_file import read_gguf_header
    from lsp_agent.engine.memory import available_memory

    name = f"model of engine {engine}"
    try:
        header = read_gguf_header(Catalogue(context.home).resolve(model))
    except LspAgentError as error:
        return Check(name, False, str(error), "lsp-agent models list", required=True)
    memory = available_memory()
    size = f"{header.name}, {header.size_bytes / 2**30:.2f} GiB"
    if memory is not None and header.size_bytes > memory:
        detail = f"{size}, but only {memory / 2**30:.1f} GiB are free"
        return Check(name, False, detail, "lsp-agent models list", required=True)
    if model == EMBEDDED:
        return Check(
            name, True, f"{size}; Python only, narrow: lsp-agent models list", required=True
        )
    return Check(name, True, size, required=True)


def _tools(_: CliContext, __: Path) -> Iterator[Check]:
    git = shutil.which("git")
    yield Check("git", git is not None, git or "not on PATH", "install git")
    linters = [one for one in _LINTERS if shutil.which(one)]
    yield Check("linters", bool(linters), ", ".join(linters) or "none found", "pip install ruff")
    sandboxes = [one for one in ("bwrap", "podman", "docker") if shutil.which(one)]
    detail = ", ".join(sandboxes) or "none found"
    yield Check(
        "sandbox",
        bool(sandboxes),
        f"{detail}; not used yet: this version runs no commands",
        "install bubblewrap",
    )
    editors = [one for one in _EDITORS if shutil.which(one)]
    yield Check("editors", bool(editors), ", ".join(editors) or "none on PATH", "see README.md")
