"""Getting a model file from Hugging Face, whole, resumable and checked, by ``huggingface_hub``."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from lsp_agent.config.paths import Home
from lsp_agent.engine.catalogue import Catalogue, CatalogueEntry
from lsp_agent.engine.types import EngineUnavailableError
from lsp_agent.errors import LspAgentError

_SPARE_BYTES = 512 * 2**20


class PullError(LspAgentError):
    """A model that can't be had; the message says why and what to do."""

    code = "engine-unavailable"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A file in a repository, and what it is good for."""

    name: str
    repository: str
    file: str
    licence: str = ""
    about: str = ""


def known_models() -> Mapping[str, KnownModel]:
    """Return the models that have a name of their own, by name."""
    text = files("lsp_agent.engine").joinpath("known_models.toml").read_text("utf-8")
    models = (KnownModel(**row) for row in tomllib.loads(text).values())
    return {one.name: one for one in models}


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


def pull(model: KnownModel, home: Home) -> CatalogueEntry:
    """Download a file into the state folder and put it under its name.

    What was downloaded before is not fetched again; an interrupted download goes on where it
    ended. Raises :class:`PullError` when the file can't be had or the disk is too full.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import GatedRepoError

    folder = home.folder(home.models / "pulled" / model.repository.replace("/", "--"))
    try:
        size = get_hf_file_metadata(hf_hub_url(model.repository, model.file)).size or 0
        _check_room(folder, size - _present(folder))
        path = hf_hub_download(model.repository, model.file, local_dir=folder)
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
    return Catalogue(home).add(model.name, Path(path))


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
    return path


def _present(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + _SPARE_BYTES > free:
        raise PullError(
            f"the download needs {needed / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB free; "
            "set LSP_AGENT_HOME to a larger disk"
        )
