"""What this machine has for models: memory, GPUs, and the build of llama.cpp that uses them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from lsp_agent.engine.gguf_file import GgufHeader
from lsp_agent.engine.known import KnownModel, Machine, Suited
from lsp_agent.engine.llama.budget import cache_bytes_per_token
from lsp_agent.engine.llama.offload import Device

_SECONDS = 20.0
# What a model needs besides weights and cache, in bytes.
_CONTEXT, _REST = 16384, 500_000_000
_WHEELS = "https://abetlen.github.io/llama-cpp-python/whl/"
# By a program that comes with the driver; the first one found decides.
_BUILDS = (("nvidia-smi", "cu125"), ("rocminfo", "rocm72"), ("vulkaninfo", "vulkan"))


@dataclass(frozen=True, slots=True)
class Hardware:
    """What llama.cpp finds; with ``error`` the rest is empty."""

    version: str = ""
    build: str = ""
    devices: tuple[Device, ...] = ()
    error: str = ""

    @property
    def machine(self) -> Machine:
        """The memory that models may take."""
        from lsp_agent.engine.memory import total_memory

        return Machine(total_memory(), sum(device.total for device in self.devices))


def probe() -> Hardware:
    """Ask in a process of its own, so that a broken native library ends nothing else."""
    command = [sys.executable, "-P", "-m", "lsp_agent.engine.llama.probe"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return Hardware(error=str(error))
    if not found:
        return Hardware(error=(done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    devices = tuple(Device(**one) for one in found.pop("devices", ()))
    return Hardware(**found, devices=devices)


def as_known(name: str, header: GgufHeader) -> KnownModel:
    """Describe a file that is here, as far as fitting goes, with a context of 16,384 tokens."""
    n_ctx = min(_CONTEXT, header.context_length or _CONTEXT)
    size = header.size_bytes + round(n_ctx * cache_bytes_per_token(header, "f16", "f16"))
    return KnownModel(name, "", "", ram_bytes=size + _REST, vram_bytes=size + 2 * _REST)


def better_build() -> tuple[str, str]:
    """Return the build that suits this machine's GPU, and the command that installs it.

    The wheels are those of llama-cpp-python's own index. Without a sign of a GPU it is Vulkan's,
    which works with most of them.
    """
    from lsp_agent.engine.llama.library import REQUIRED_VERSION

    tag = "metal" if sys.platform == "darwin" else "vulkan"
    tag = next((tag for program, tag in _BUILDS if shutil.which(program)), tag)
    return tag, (
        f"pip install --force-reinstall --no-cache-dir llama-cpp-python=={REQUIRED_VERSION} "
        f"--extra-index-url {_WHEELS}{tag}"
    )


def in_words(best: dict[Suited, KnownModel], hardware: Hardware) -> str:
    """Say in one line what is recommended for this machine."""
    machine = hardware.machine
    ram = "unknown" if machine.ram is None else f"{machine.ram / 1e9:.0f} GB"
    gpus = f"{machine.vram / 1e9:.0f} GB of GPU memory" if machine.vram else "no GPU"
    if not best:
        return f"with {ram} of memory and {gpus} none of the known models fits"
    jobs = ", ".join(f"{job}: {model.name}" for job, model in best.items())
    return (
        f"recommended with {ram} of memory and {gpus}: {jobs}; lsp-agent models pull NAME gets one"
    )
