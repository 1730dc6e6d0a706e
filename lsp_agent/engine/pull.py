"""Getting a model file from Hugging Face, whole, resumable and checked, by ``huggingface_hub``."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lsp_agent.config.paths import Home
from lsp_agent.engine.catalogue import Catalogue, CatalogueEntry
from lsp_agent.engine.known import KnownModel, known_models
from lsp_agent.engine.types import EngineUnavailableError
from lsp_agent.errors import LspAgentError

_SPARE_BYTES = 512 * 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class PullError(LspAgentError):
    """A model that can't be had; the message says why and what to do."""

    code = "engine-unavailable"


def find(name: str) -> KnownModel:
    """Return a known model, or the one that ``OWNER/REPOSITORY/FILE.gguf`` spells.

    Raises :class:`PullError` naming the nearest known one.
    """
    known = known_models()
    if name in known:
        return known[name]
    parts = name.split("/", 2)
    if len(parts) == 3 and all(parts) and name.endswith(".gguf"):
        return KnownModel(Path(parts[2]).stem.lower(), f"{parts[0]}/{parts[1]}", parts[2])
    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)};"
    raise PullError(
        f"there is no model {name!r} to pull; {hint} any other is OWNER/REPOSITORY/FILE.gguf"
    )


def pull(
    model: KnownModel,
    home: Home,
    *,
    offline: bool = False,
    progress: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> CatalogueEntry:
    """Download a file into the state folder and put it under its name.

    What was downloaded before is not fetched again. A download that was interrupted, also by
    Ctrl-C, goes on where it ended. The file's SHA-256 is compared with the hub's. ``offline`` uses
    what is here already; ``progress`` shows a bar on stderr if that is a terminal. Raises
    :class:`PullError` when the file can't be had, is damaged, or the disk is too full.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError

    folder = home.folder(home.models / "pulled" / model.repository.replace("/", "--"))
    try:
        if offline or constants.HF_HUB_OFFLINE:
            path = _present(model, folder)
        else:
            path = _download(model, folder, progress=progress, say=say)
    except GatedRepoError as error:
        raise PullError(
            f"{model.repository} asks for a licence to be accepted on its page, and for HF_TOKEN"
        ) from error
    except PullError:
        raise
    except Exception as error:  # the transport below the hub's library has errors of its own
        reason = str(error).strip().partition("\n")[0]
        raise PullError(
            f"{model.repository}/{model.file} can't be downloaded: {reason}; on a machine without "
            f"a network bring the file along and use: lsp-agent models add {model.name} FILE.gguf"
        ) from error
    return Catalogue(home).add(model.name, path)


def remove(name: str, home: Home) -> Path:
    """Take a model out of the catalogue, and its file away if it was pulled; return the file.

    Raises :class:`EngineUnavailableError` for a name that is not there.
    """
    path = Catalogue(home).remove(name)
    if path is None:
        raise EngineUnavailableError(
            f"there is no model named {name!r}; see: lsp-agent models list"
        )
    if path.is_relative_to(home.models):
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.etag").unlink(missing_ok=True)
    return path


def _present(model: KnownModel, folder: Path) -> Path:
    """Return the file that was pulled before, or that the hub's own cache holds."""
    from huggingface_hub import try_to_load_from_cache

    path = folder / model.file
    if path.is_file():
        return path
    cached = try_to_load_from_cache(model.repository, model.file)
    if isinstance(cached, str):
        return Path(cached)
    raise PullError(
        f"{model.repository}/{model.file} is not on this machine, and offline mode is on; bring "
        f"the file along and use: lsp-agent models add {model.name} FILE.gguf"
    )


def _download(
    model: KnownModel, folder: Path, *, progress: bool, say: Callable[[str], None]
) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(model.repository, model.file)
    found = get_hf_file_metadata(url)
    path, tag = folder / model.file, found.etag or "unknown"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The tag is the file's SHA-256, or else some name of this version of it.
    known_as = path.with_name(f"{path.name}.etag")
    if path.is_file() and known_as.is_file() and known_as.read_text("utf-8") == tag:
        return path
    part = path.with_name(f"{path.name}.{re.sub(r'[^0-9a-zA-Z]', '', tag)[:16]}.part")
    for other in path.parent.glob(f"{path.name}.*.part"):
        if other != part:
            other.unlink()
    _fetch(url, part, found.size, progress=progress)
    if _SHA256.fullmatch(tag):
        say(f"checking {path.name}")
        _check_sum(part, tag, model)
    part.replace(path)
    known_as.write_text(tag, "utf-8")
    return path


def _fetch(url: str, part: Path, size: int | None, *, progress: bool) -> None:
    """Download what a partial file still lacks. The hub's own way starts anew each time."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        disable_progress_bars,
    )

    if not progress:
        disable_progress_bars()
    here = part.stat().st_size if part.exists() else 0
    if size is not None and here > size:
        part.unlink()
        here = 0
    _check_room(part.parent, (size or 0) - here)
    with part.open("ab") as file:
        headers: dict[str, Any] = {**build_hf_headers(), "Accept-Encoding": "identity"}
        http_get(url, file, resume_size=here, headers=headers, expected_size=size)
        file.flush()
        os.fsync(file.fileno())


def _check_sum(part: Path, expected: str, model: KnownModel) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        part.unlink()
        raise PullError(
            f"{model.file} arrived damaged (SHA-256 {found[:12]}…, the hub says {expected[:12]}…) "
            f"and was deleted; try again: lsp-agent models pull {model.name}"
        )


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + _SPARE_BYTES > free:
        raise PullError(
            f"the download needs {needed / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB free; "
            "set LSP_AGENT_HOME to a larger disk"
        )
