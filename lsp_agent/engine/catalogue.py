"""Which file is behind a model's name."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lsp_agent.config.paths import Home
from lsp_agent.engine.gguf_file import ModelFileError, read_gguf_header
from lsp_agent.engine.known import known_models
from lsp_agent.engine.types import EngineUnavailableError
from lsp_agent.errors import LspAgentError

EMBEDDED = "embedded"
_EMBEDDED_FOLDER = Path(__file__).resolve().parent / "embedded"


class CatalogueError(LspAgentError):
    """A model that can't be added to the catalogue."""

    code = "bad-model-name"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model file under a name of the user's choice."""

    name: str
    path: Path


class Catalogue:
    """The models that the user added, in ``models.json`` below the state folder."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = home.models / "models.json"

    def entries(self) -> list[CatalogueEntry]:
        """Return what was added, by name."""
        return [CatalogueEntry(name, Path(path)) for name, path in sorted(self._read().items())]

    def add(self, name: str, path: Path) -> CatalogueEntry:
        """Check a file and put it under a name.

        Raises :class:`ModelFileError` for a file that can't be a model, :class:`CatalogueError` for
        a name that is taken by another file or by the embedded model.
        """
        path = path.expanduser().absolute()
        read_gguf_header(path)
        entries = self._read()
        if name == EMBEDDED or entries.get(name, str(path)) != str(path):
            raise CatalogueError(f"the name {name!r} is taken; choose another one")
        if not name or any(char in name for char in "/\\\0\n"):
            raise CatalogueError(f"{name!r} can't be a name; use letters, digits, '.', '_' and '-'")
        self._write({**entries, name: str(path)})
        return CatalogueEntry(name, path)

    def remove(self, name: str) -> Path | None:
        """Forget a name; return the file behind it, ``None`` for a name that is not there."""
        entries = dict(self._read())
        path = entries.pop(name, None)
        if path is None:
            return None
        self._write(entries)
        return Path(path)

    def resolve(self, model: str) -> Path:
        """Return the file behind a name, a path or ``embedded``.

        Raises :class:`EngineUnavailableError` naming the nearest known model.
        """
        if model == EMBEDDED:
            return _embedded_file()
        entries = self._read()
        if model in entries:
            return Path(entries[model])
        path = Path(model).expanduser()
        if path.is_file():
            return path
        if "/" in model or "\\" in model or model.endswith(".gguf"):
            raise EngineUnavailableError(f"there is no model file {model}")
        if model in known_models():
            raise EngineUnavailableError(
                f"the model {model!r} is not here yet; get it with: lsp-agent models pull {model}"
            )
        known = [EMBEDDED, *entries, *known_models()]
        close = get_close_matches(model, known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        raise EngineUnavailableError(
            f"there is no model named {model!r}{hint} Add it with: lsp-agent models add {model} "
            "FILE.gguf"
        )

    def _read(self) -> Mapping[str, str]:
        try:
            entries = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{self._file} is damaged ({error}); delete it") from error
        return entries if isinstance(entries, dict) else {}

    def _write(self, entries: Mapping[str, str]) -> None:
        folder = self._home.folder(self._home.models)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".models-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1, sort_keys=True)
        Path(name).replace(self._file)


def embedded_card() -> Mapping[str, Any]:
    """Return the embedded model's card: how it was trained, and what it reached when measured."""
    card: Mapping[str, Any] = json.loads(_EMBEDDED_FOLDER.joinpath("card.json").read_text("utf-8"))
    return card


def embedded_note() -> str:
    """Say in a few lines what the embedded model can do, with the card's figures."""
    scores = embedded_card()["scores"]
    line, fix, document = scores["completion"], scores["fix"], scores["document"]
    return (
        "embedded: trained from scratch for Python alone. On packages that it never saw: "
        f"{line['model']['share']:.0%} of line ends exact "
        f"(lookup alone: {line['baseline']['share']:.0%}), "
        f"{fix['fixed']['share']:.0%} of injected faults mended exactly, "
        f"{fix['clean_unbroken']['share']:.1%} of sound functions left alone, "
        f"{document['names_all_invents_none']['share']:.0%} of docstrings name each parameter"
    )


def _embedded_file() -> Path:
    path = _EMBEDDED_FOLDER / "embedded.gguf"
    if not path.is_file():
        raise EngineUnavailableError(
            "the embedded model is missing from the installation; install it again"
        )
    return path
