"""Which model the demo runs on: the named one, else one of this machine, else the embedded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.config.paths import Home
from lsp_agent.engine.catalogue import EMBEDDED, Catalogue
from lsp_agent.engine.discovery import discover
from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header

_BEST, _SMALLEST, _LARGEST = 3_000_000_000, 200_000_000, 16_000_000_000
_LOAD_SECONDS = 120.0
_ENCODERS = ("bert", "t5", "clip")


@dataclass(frozen=True, slots=True)
class DemoModel:
    """``engine`` is its section of the configuration."""

    engine: Mapping[str, Any]
    label: str


def choose_model(
    named: str | None, home: Home, env: Mapping[str, str], say: Callable[[str], None]
) -> DemoModel:
    """Return the model; ``say`` hears of those that were passed over.

    Raises ``EngineUnavailableError`` or :class:`ModelFileError` when the named one can't be had.
    """
    if named and named != EMBEDDED:
        path = Catalogue(home).resolve(named)
        return DemoModel(_engine(str(path.absolute())), _label(read_gguf_header(path)))
    if not named:
        for header in _found(home, env):
            if _loads(header.path):
                return DemoModel(
                    _engine(str(header.path)), f"{_label(header)}, found on this machine"
                )
            say(f"passed over {header.path}: it does not load")
    header = read_gguf_header(Catalogue(home).resolve(EMBEDDED))
    return DemoModel(_engine(EMBEDDED), _label(header))


def _engine(model: str) -> Mapping[str, Any]:
    return {"kind": "llama-cpp", "model": model, "n_ctx": 8192}


def _found(home: Home, env: Mapping[str, str]) -> list[GgufHeader]:
    """Return the usable models of this machine, the one nearest to three billion weights first."""
    headers: dict[Path, GgufHeader] = {}
    for entry in Catalogue(home).entries():
        try:
            headers[entry.path.resolve()] = read_gguf_header(entry.path)
        except ModelFileError:
            continue
    for model in discover(env, Path.home()):
        headers.setdefault(model.path.resolve(), model.header)
    usable = [
        header
        for header in headers.values()
        if header.has_chat_template
        and _SMALLEST <= header.n_params <= _LARGEST
        and not any(kind in header.arch for kind in _ENCODERS)
    ]
    return sorted(usable, key=lambda one: (_codes(one), -abs(one.n_params - _BEST)), reverse=True)


def _codes(header: GgufHeader) -> bool:
    return "code" in f"{header.name} {header.path.name}".casefold()


def _loads(path: Path) -> bool:
    """Try a model in another process, which a broken file may bring down."""
    probe = (
        "import sys; from lsp_agent.cancel import CancelToken; "
        "from lsp_agent.config.model import LlamaSettings; "
        "from lsp_agent.config.paths import Home; "
        "from lsp_agent.engine.factory import make_engine; import os; "
        "settings = LlamaSettings(model=sys.argv[1], n_ctx=512); "
        "make_engine('probe', settings, Home.find(os.environ), os.environ).load(CancelToken())"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", probe, str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LOAD_SECONDS,
            env=os.environ,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _label(header: GgufHeader) -> str:
    billions = header.n_params / 1e9
    size = f"{billions:.1f} billion" if billions >= 1 else f"{header.n_params / 1e6:.0f} million"
    return f"{header.name or header.path.stem} ({size} weights, {header.quantization})"
