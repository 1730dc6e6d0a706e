"""Merging the sources of settings, each value with where it came from.

Precedence: command line, environment, client, workspace file, user file, defaults. A bad key is
reported and left out; what remains is always valid.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lsp_agent.config.locate import keys_of, line_of
from lsp_agent.config.model import (
    HARMLESS,
    LanguageServerSettings,
    LlamaSettings,
    OpenAISettings,
    PluginEngineSettings,
    Section,
    Settings,
)
from lsp_agent.config.problems import Problem
from lsp_agent.config.toml import parse_toml
from lsp_agent.config.workspace_files import SettingsFile, read_settings_files, seal_of

Path_ = tuple[str, ...]
RESERVED = ("LSP_AGENT_HOME", "LSP_AGENT_CONFIG")
_ENGINE_KINDS: dict[str, type[Section]] = {
    "llama-cpp": LlamaSettings,
    "openai": OpenAISettings,
    "plugin": PluginEngineSettings,
}
_MOST_KEYS, _DEEPEST = 1000, 30
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings come from. ``cli`` holds dotted keys; ``client`` is what the editor sent.

    The workspace's file is trusted if ``trusted`` says so, or if ``seal`` is its content's hash.
    """

    cli: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    workspace: Path | None = None
    user_file: Path | None = None
    trusted: bool = False
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings, the source of every value that is not a default, and what was wrong."""

    settings: Settings
    provenance: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    def explain(self) -> dict[str, dict[str, Any]]:
        """Return ``{dotted key: {"value": …, "source": …}}`` for every setting."""
        flat = dict(_leaves(self.settings.model_dump(mode="json"), ()))
        return {
            ".".join(path): {
                "value": value,
                "source": self.provenance.get(".".join(path), "default"),
            }
            for path, value in flat.items()
        }


@dataclass(frozen=True, slots=True)
class _Value:
    path: Path_
    value: Any
    source: str
    line: int | None = None

    @property
    def origin(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


def load_settings(sources: Sources) -> Loaded:
    """Merge all sources; never raises for bad content."""
    problems: list[Problem] = []
    layers = [
        _file_values(sources.user_file, problems) if sources.user_file else [],
        _workspace_values(sources, problems),
        list(_client_values(sources.client)),
        list(_env_values(sources.env, problems)),
        [
            _Value(tuple(key.split(".")), _scalar(text), "--set")
            for key, text in sources.cli.items()
        ],
    ]
    merged: dict[Path_, _Value] = {}
    for value in (value for layer in layers for value in layer):
        for path in [path for path in merged if path[: len(value.path)] == value.path]:
            del merged[path]
        merged[value.path] = value
    return _validated(merged, problems)


def _table(file: SettingsFile) -> tuple[str, dict[str, Any]] | None:
    """Return a workspace file's source and our table in it; ``None`` without one.

    Raises ``UnicodeDecodeError`` or ``tomllib.TOMLDecodeError``.
    """
    source = file.data.decode("utf-8").replace("\r\n", "\n")
    if file.path.name == "lsp-agent.toml":
        return source, _limited(parse_toml(source))
    tool = parse_toml(source).get("tool", {}) if "lsp-agent" in source else {}
    table = tool.get("lsp-agent") if isinstance(tool, dict) else None
    return (source, _limited(table)) if isinstance(table, dict) else None


def _workspace_values(sources: Sources, problems: list[Problem]) -> list[_Value]:
    folder = sources.workspace
    if folder is None:
        return []
    files = read_settings_files(folder)
    values = _first_values(files, problems)
    if sources.trusted or seal_of(files) == sources.seal:
        return values
    for value in values:
        if not _harmless(value.path):
            key = ".".join(value.path)
            message = f"{key} is ignored until the folder is trusted: lsp-agent trust {folder}"
            problems.append(Problem(value.source, key, message, value.line, level="warning"))
    return [value for value in values if _harmless(value.path)]


def _harmless(path: tuple[str, ...]) -> bool:
    """Whether a key may be read before trust; an unknown one may, to be named as such."""
    known = path[0] in Settings.model_fields
    return not known or any(".".join(path[:size]) in HARMLESS for size in (1, 2))


def _first_values(files: Sequence[SettingsFile], problems: list[Problem]) -> list[_Value]:
    """Return what the first of a workspace's files that speaks of us says."""
    for file in files:
        path = file.path
        if file.refused:
            message = f"is not used: it {file.refused}"
            problems.append(Problem(str(path), "", message, level="warning"))
            continue
        try:
            found = _table(file)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problems.append(_broken_file(path, error))
            return []
        if found is not None:
            prefix = ("tool", "lsp-agent") if path.name == "pyproject.toml" else ()
            return _located(path, *found, prefix)
    return []


def _file_values(path: Path, problems: list[Problem]) -> list[_Value]:
    if not path.exists():
        return []
    try:
        source = path.read_text("utf-8")
        return _located(path, source, _limited(parse_toml(source)), ())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(_broken_file(path, error))
        return []


def _broken_file(path: Path, error: Exception) -> Problem:
    line = getattr(error, "lineno", None)
    if isinstance(error, tomllib.TOMLDecodeError):
        match = re.search(r"at line (\d+)", str(error))
        line = int(match[1]) if match else line
        text = f"not valid TOML: {error}"
        if path.read_bytes().startswith(b"\xef\xbb\xbf"):
            text = "starts with a byte order mark, which TOML forbids; save it as plain UTF-8"
    elif isinstance(error, UnicodeDecodeError):
        text = f"not UTF-8 at byte {error.start}; save it as UTF-8"
    else:
        text = f"can't be read: {error}"
    return Problem(str(path), "", text, line)


def _located(path: Path, source: str, table: dict[str, Any], prefix: Path_) -> list[_Value]:
    known = keys_of(source)
    return [
        _Value(key, value, str(path), line_of(known, (*prefix, *key)))
        for key, value in _leaves(table, ())
    ]


def _limited(table: dict[str, Any]) -> dict[str, Any]:
    """Refuse a table that no person wrote: each key of it would be looked at, and complained of."""
    left: list[tuple[Any, int]] = [(table, 0)]
    keys = 0
    while left:
        value, depth = left.pop()
        if isinstance(value, Mapping):
            keys += len(value)
            if keys > _MOST_KEYS or depth > _DEEPEST:
                reason = f"more than {_MOST_KEYS} settings, or some nested deeper than {_DEEPEST}"
                raise tomllib.TOMLDecodeError(reason)
            left += [(item, depth + 1) for item in value.values()]
    return table


def _leaves(value: Any, path: Path_) -> list[tuple[Path_, Any]]:
    if isinstance(value, Mapping) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, str(key)))]
    return [(path, value)] if path else []


def _client_values(client: Mapping[str, Any]) -> list[_Value]:
    """Flatten the client's settings; camelCase keys are taken for ours, nulls are not set."""
    values = []
    for path, value in _leaves(client, ()):
        if value is None or value == {}:
            continue
        keys = tuple(
            key if _is_free(path, depth) else _CAMEL.sub("_", key).lower()
            for depth, key in enumerate(path)
        )
        values.append(_Value(keys, value, "lspAgent"))
    return values


def _is_free(path: Path_, depth: int) -> bool:
    """Whether a client's key is a name, or another server's key, and not one of ours."""
    if path[0] in ("languageServers", "language_servers"):
        return (depth == 1 and len(path) > 2) or (depth > 2 and path[2] == "settings")
    return depth == 1 and path[0] == "engines"


def _env_values(env: Mapping[str, str], problems: list[Problem]) -> list[_Value]:
    known = _env_names()
    values = []
    for name, text in sorted(env.items()):
        if not name.startswith("LSP_AGENT_") or name in RESERVED:
            continue
        path = known.get(_squeeze(name)) or _engine_path(name)
        if path is None:
            spelt = {key: "LSP_AGENT_" + "__".join(p).upper() for key, p in known.items()}
            close = get_close_matches(_squeeze(name), spelt, 1)
            nearest = spelt[close[0]] if close else None
            problems.append(Problem(name, name, f"{name} is not a setting", nearest=nearest))
            continue
        values.append(_Value(path, _scalar(text), name))
    return values


def _squeeze(name: str) -> str:
    return name.removeprefix("LSP_AGENT_").replace("_", "").lower()


def _env_names() -> dict[str, Path_]:
    names: dict[str, Path_] = {}
    for key, info in Settings.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, Section):
            names |= {
                _squeeze(f"{key}_{field_name}"): (key, field_name)
                for field_name in section.model_fields
            }
        elif key != "engines":
            names[_squeeze(key)] = (key,)
    return names


def _engine_path(name: str) -> Path_ | None:
    rest = name.removeprefix("LSP_AGENT_").lower()
    match = re.match(r"engines_{1,2}(.+)", rest)
    if not match:
        return None
    fields = {key for kind in _ENGINE_KINDS.values() for key in kind.model_fields}
    for key in sorted(fields, key=len, reverse=True):
        for joint in ("__", "_"):
            if match[1].endswith(joint + key):
                return ("engines", match[1].removesuffix(joint + key), key)
    return None


def _scalar(text: str) -> Any:
    """Read a value as TOML or JSON would (numbers, booleans, arrays); anything else is text."""
    try:
        return parse_toml(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _validated(merged: dict[Path_, _Value], problems: list[Problem]) -> Loaded:
    """Validate, dropping what is wrong one error at a time until the rest is right."""
    values = dict(merged)
    while True:
        try:
            settings = Settings.model_validate(_nested(values))
        except ValidationError as error:
            bad = _blame(error.errors()[0], values, problems)
            for path in bad:
                del values[path]
            continue
        unrouted = _unrouted(settings, values, problems)
        if not unrouted:
            provenance = {".".join(path): value.origin for path, value in values.items()}
            return Loaded(settings, provenance, tuple(problems))
        for path in unrouted:
            del values[path]


def _nested(values: Mapping[Path_, _Value]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        at = tree
        for key in path[:-1]:
            at = at.setdefault(key, {})
            if not isinstance(at, dict):
                break
        else:
            at[path[-1]] = value.value
    engines = tree.setdefault("engines", {})
    if isinstance(engines, dict):
        engines.setdefault("local", {})
        for engine in engines.values():
            if isinstance(engine, dict):
                remote = "base_url" in engine or "base_urls" in engine
                engine.setdefault("kind", "openai" if remote else "llama-cpp")
    return tree


def _blame(error: Any, values: Mapping[Path_, _Value], problems: list[Problem]) -> list[Path_]:
    """Report one validation error; return the values that have to go."""
    location = [str(part) for part in error["loc"]]
    if location[:1] == ["engines"] and len(location) > 2 and location[2] in _ENGINE_KINDS:
        location.pop(2)
    path = tuple(location)
    guilty = [p for p in values if p[: len(path)] == path or path[: len(p)] == p]
    if error["type"] == "missing":
        # Nothing sets the missing key: the whole engine that lacks it goes.
        guilty = [p for p in values if p[:-1] == path[:-1]]
    guilty = guilty or [p for p in values if p[:1] == path[:1]] or list(values)[-1:]
    value = values[guilty[0]]
    key = ".".join(path)
    message, nearest = _wording(error, path, value)
    problems.append(Problem(value.source, key, message, value.line, nearest))
    return guilty


def _wording(error: Any, path: Path_, value: _Value) -> tuple[str, str | None]:
    key = ".".join(path)
    if error["type"] == "extra_forbidden":
        close = get_close_matches(path[-1], _siblings(path, value), 1, cutoff=0.5)
        nearest = ".".join((*path[:-1], close[0])) if close else None
        return f"{key} is not a setting", nearest
    if error["type"] == "missing":
        return f"{key} is missing", None
    reason = error["msg"][0].lower() + error["msg"][1:]
    return f"{key} can't be {value.value!r}: {reason}", None


def _siblings(path: Path_, value: _Value) -> Sequence[str]:
    if len(path) == 1:
        return list(Settings.model_fields)
    if path[0] == "engines":
        return list({key for kind in _ENGINE_KINDS.values() for key in kind.model_fields})
    if path[0] == "language_servers" and len(path) > 2:
        return list(LanguageServerSettings.model_fields)
    section = (
        Settings.model_fields[path[0]].annotation if path[0] in Settings.model_fields else None
    )
    if isinstance(section, type) and issubclass(section, Section):
        return list(section.model_fields)
    return [value.path[-1]]


def _unrouted(
    settings: Settings, values: Mapping[Path_, _Value], problems: list[Problem]
) -> list[Path_]:
    """Report routes to engines that do not exist."""
    bad: list[Path_] = []
    for job, name in settings.routes.model_dump().items():
        path = ("routes", job)
        if name is None or name in settings.engines or path not in values:
            continue
        close = get_close_matches(name, settings.engines, 1)
        known = ", ".join(sorted(settings.engines))
        value = values[path]
        problems.append(
            Problem(
                value.source,
                f"routes.{job}",
                f"routes.{job} names the engine {name!r}, but there are only: {known}",
                value.line,
                close[0] if close else None,
            )
        )
        bad.append(path)
    return bad
