"""The doctor's checks: each looks at one thing and knows the one command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lsp_agent import __version__
from lsp_agent.cli.context import CliContext
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.cli.hardware import Hardware
    from lsp_agent.config.model import LlamaSettings
    from lsp_agent.engine.gguf_file import GgufHeader
    from lsp_agent.engine.llama.offload import Device

_ROUTES: tuple[Literal["agent", "action", "completion"], ...] = ("agent", "action", "completion")
_EDITORS = ("code", "codium", "nvim", "hx", "emacs", "kak", "zed", "subl")
_STYLE = ("ruff", "black", "eslint", "prettier", "gofmt", "rustfmt")


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
    from lsp_agent.cli.hardware import probe
    from lsp_agent.cli.sandbox_checks import sandbox
    from lsp_agent.cli.server_checks import language_servers

    hardware = probe()
    groups: dict[str, Callable[[], Iterator[Check]]] = {
        "python": _python,
        "state": lambda: _state(context),
        "configuration": lambda: _configuration(context, folder),
        "library": lambda: _library(hardware),
        "index": lambda: _index(context, folder),
        "models": lambda: _models(context, folder, hardware.devices),
        "tools": _tools,
        "sandbox": lambda: sandbox(context, folder),
        "language servers": lambda: language_servers(context, folder),
        "plugins": lambda: _plugins(context, folder),
    }
    found: list[Check] = []
    for name, group in groups.items():
        try:
            found += group()
        except LspAgentError as error:
            found.append(Check(name, False, str(error), required=True))
    return found


def _plugins(context: CliContext, folder: Path) -> Iterator[Check]:
    """Load what is installed, and say of each package what it adds or why it is off."""
    from lsp_agent.actions.spec import load_actions
    from lsp_agent.engine.plugged import engine_kinds
    from lsp_agent.sandbox.plugged import sandbox_kinds
    from lsp_agent.tools.spec import load_tools

    plugins = context.plugins(context.load(folder).settings, lambda _: None)
    load_tools(lambda _: None, plugins)
    load_actions(lambda _: None, plugins)
    engine_kinds(plugins)
    sandbox_kinds(plugins)
    for one in plugins.status():
        adds = f"{one.version}: {', '.join(one.adds) or 'nothing'}"
        detail = f"off: {one.why}" if one.why else adds
        wanted = one.why in plugins.CHOSEN
        fix = f"pip install --upgrade {one.package}"
        yield Check(f"plugin {one.package}", not one.why or wanted, detail, fix)


def _python() -> Iterator[Check]:
    detail = f"lsp-agent {__version__} on Python {platform.python_version()}, {platform.platform()}"
    yield Check("version", (3, 11) <= sys.version_info[:2] < (3, 15), detail, required=True)


def _state(context: CliContext) -> Iterator[Check]:
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
    from lsp_agent.agent.prompts import load_prompts

    if wrong := [str(one) for one in load_prompts(context.home.prompts)[1]]:
        yield Check("prompts", False, "; ".join(wrong), "lsp-agent config check")
    if warnings:
        yield Check("workspace trust", False, "; ".join(warnings), f"lsp-agent trust {folder}")


def _index(context: CliContext, folder: Path) -> Iterator[Check]:
    from lsp_agent.cli.indexing import Workspace

    if not context.load(folder).settings.index.enabled:
        yield Check("code index", True, "turned off by index.enabled")
        return
    path = Workspace(context, folder).reader.path
    there = next(up for up in path.parents if up.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        detail = f"{path.parent} can't be written"
        yield Check("code index", False, detail, "export LSP_AGENT_HOME=DIR")
        return
    status = Workspace(context, folder).reader.status()
    detail = (
        f"{status.files:,} files, {status.symbols:,} symbols of {folder}"
        if status.state == "ready"
        else f"{status.note}; editors build it by themselves"
    )
    yield Check("code index", status.state != "failed", detail, "lsp-agent index")


def _library(found: Hardware) -> Iterator[Check]:
    from lsp_agent.cli.hardware import better_build, in_words
    from lsp_agent.engine.known import known_models, recommend
    from lsp_agent.engine.llama.library import REQUIRED_VERSION

    fix = f"pip install llama-cpp-python=={REQUIRED_VERSION}"
    if found.error:
        detail = f"can't be imported: {found.error}"
        yield Check("llama-cpp-python", False, detail, fix, required=True)
        return
    yield Check(
        "llama-cpp-python",
        found.version == REQUIRED_VERSION,
        f"version {found.version}, {REQUIRED_VERSION} is needed",
        fix,
        required=True,
    )
    gpus = "; ".join(
        f"{one.name} ({one.description}) with {one.free / 2**30:.1f} GiB of "
        f"{one.total / 2**30:.1f} free"
        for one in found.devices
    )
    build, command = better_build()
    only = f"this build is CPU only; the {build} build can use a GPU"
    detail = only if found.build == "CPU" else f"{found.build}: {gpus}" if gpus else found.build
    yield Check("GPU offload", bool(gpus), detail, command)
    best = recommend(known_models().values(), found.machine)
    yield Check("models for this machine", bool(best), in_words(best, found))


def _models(context: CliContext, folder: Path, devices: Sequence[Device]) -> Iterator[Check]:
    from lsp_agent.config.model import LlamaSettings
    from lsp_agent.engine.router import EngineRouter

    settings = context.load(folder).settings
    names = {settings.routes.agent, settings.routes.action, settings.routes.completion}
    router = EngineRouter(settings, context.home, os.environ)
    for name in sorted(one for one in names if one):
        engine = settings.engines[name]
        if isinstance(engine, LlamaSettings):
            yield _model(context, name, engine, devices)
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


def _model(
    context: CliContext, engine: str, settings: LlamaSettings, devices: Sequence[Device]
) -> Check:
    from lsp_agent.engine.catalogue import EMBEDDED, Catalogue
    from lsp_agent.engine.gguf_file import read_gguf_header
    from lsp_agent.engine.memory import available_memory

    name = f"model of engine {engine}"
    try:
        header = read_gguf_header(Catalogue(context.home).resolve(settings.model))
    except LspAgentError as error:
        return Check(name, False, str(error), "lsp-agent models list", required=True)
    memory = available_memory()
    size = f"{header.name}, {header.size_bytes / 2**30:.2f} GiB{_placed(header, settings, devices)}"
    if memory is not None and header.size_bytes > memory:
        detail = f"{size}, but only {memory / 2**30:.1f} GiB are free"
        return Check(name, False, detail, "lsp-agent models list", required=True)
    if settings.model == EMBEDDED:
        return Check(
            name, True, f"{size}; Python only, narrow: lsp-agent models list", required=True
        )
    return Check(name, True, size, required=True)


def _placed(header: GgufHeader, settings: LlamaSettings, devices: Sequence[Device]) -> str:
    """Say what would run on the GPUs, if there are any."""
    from lsp_agent.engine.llama.offload import plan

    placed = plan(header, settings, devices) if devices else None
    if placed is None:
        return ""
    words = f", {placed.n_gpu_layers} of {placed.n_layers + 1} layers on the GPU"
    if placed.n_cpu_moe:
        words += f", experts of {placed.n_cpu_moe} on the CPU"
    return words


def _tools() -> Iterator[Check]:
    git = shutil.which("git")
    yield Check("git", git is not None, git or "not on PATH", "install git")
    style = [one for one in _STYLE if shutil.which(one)]
    detail = ", ".join(style) or "none on PATH"
    yield Check("linters", bool(style), detail, "pip install ruff")
    editors = [one for one in _EDITORS if shutil.which(one)]
    yield Check("editors", bool(editors), ", ".join(editors) or "none on PATH", "see README.md")
