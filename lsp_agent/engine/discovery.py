"""GGUF files that other programs already keep on this machine."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header

_MAX_FILES = 500
_SPLIT = re.compile(r"-(\d{5})-of-\d{5}\.gguf$")


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A usable GGUF file and the program whose cache holds it."""

    name: str
    path: Path
    source: str
    header: GgufHeader


def discover(env: Mapping[str, str], home: Path) -> list[FoundModel]:
    """Look through the caches of Ollama, LM Studio, Hugging Face and llama.cpp.

    ``home`` is the user's home folder. Broken and unreadable files are left out; a split model
    shows once, by its first part. Cost: a directory walk and one header (milliseconds) a file.
    """
    found: dict[Path, FoundModel] = {}
    for source, name, path in _candidates(env, home):
        if len(found) >= _MAX_FILES:
            break
        part = _SPLIT.search(path.name)
        real = path.resolve()
        if real in found or (part and part[1] != "00001"):
            continue
        try:
            found[real] = FoundModel(name, path, source, read_gguf_header(path))
        except ModelFileError:
            continue
    return sorted(found.values(), key=lambda model: (model.source, model.name))


def _candidates(env: Mapping[str, str], home: Path) -> Iterator[tuple[str, str, Path]]:
    yield from _ollama(Path(env.get("OLLAMA_MODELS") or home / ".ollama" / "models"))
    for source, folder in _folders(env, home):
        for path in _gguf_files(folder):
            yield source, path.stem, path


def _folders(env: Mapping[str, str], home: Path) -> Iterator[tuple[str, Path]]:
    yield "LM Studio", home / ".lmstudio" / "models"
    yield "LM Studio", home / ".cache" / "lm-studio" / "models"
    hf_home = Path(env.get("HF_HOME") or home / ".cache" / "huggingface")
    yield "Hugging Face", Path(env.get("HF_HUB_CACHE") or hf_home / "hub")
    if env.get("LLAMA_CACHE"):
        yield "llama.cpp", Path(env["LLAMA_CACHE"])
    elif sys.platform == "darwin":
        yield "llama.cpp", home / "Library" / "Caches" / "llama.cpp"
    else:
        yield "llama.cpp", Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp"


def _gguf_files(folder: Path, depth: int = 6) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        # Hugging Face keeps files as links into its blobs, so links to files are followed.
        if entry.name.endswith(".gguf") and entry.is_file():
            yield Path(entry.path)
        elif depth and entry.is_dir(follow_symlinks=False):
            yield from _gguf_files(Path(entry.path), depth - 1)


def _ollama(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Read Ollama's manifests: each names the blob that holds the weights."""
    manifests = folder / "manifests"
    if not manifests.is_dir():
        return
    for manifest in sorted(manifests.rglob("*")):
        if not manifest.is_file():
            continue
        try:
            layers = json.loads(manifest.read_text("utf-8"))["layers"]
            digests = [
                layer["digest"] for layer in layers if str(layer["mediaType"]).endswith(".model")
            ]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        for digest in digests:
            blob = folder / "blobs" / str(digest).replace(":", "-")
            yield "Ollama", f"{manifest.parent.name}:{manifest.name}", blob
