"""Tasks from disk: those that ship, folders of task files, and other people's collections."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from lsp_agent.tasks.formats import is_exercise, read_exercise, read_lines
from lsp_agent.tasks.spec import Task, TaskError, unmarked

BUILTIN = "builtin"
_KEYS = frozenset({
    "id", "action", "language", "files", "words", "report", "check", "hidden", "commands",
    "has", "lacks", "says", "answer", "replies",
})  # fmt: skip
_CHECKS = {
    "python": "check.py",
    "javascript": "check.js",
    "typescript": "check.ts",
    "go": "check.go",
    "rust": "check.rs",
    "java": "Check.java",
}


def load_tasks(where: str) -> list[Task]:
    """Return the tasks that ship (``builtin``), or those of a file or folder.

    A folder holds task files (``*.toml``), lines of JSON (``*.jsonl``) or Exercism's exercises, at
    any depth. Raises :class:`TaskError` for one that can't be read, or where there is none.
    """
    place = Path(__file__).parent / "data" if where == BUILTIN else Path(where)
    if not place.exists():
        raise TaskError(f"there is no file or folder {where}; `builtin` names the tasks that ship")
    tasks = _load_file(place) if place.is_file() else _load_folder(place)
    if not tasks:
        raise TaskError(
            f"{where} holds no tasks: *.toml, *.jsonl or folders with .meta/config.json"
        )
    twice = {one.id for one in tasks if sum(one.id == other.id for other in tasks) > 1}
    if twice:
        raise TaskError(f"{where}: two tasks are called {', '.join(sorted(twice))}")
    return tasks


def _load_folder(folder: Path) -> list[Task]:
    if is_exercise(folder):
        return [read_exercise(folder)]
    tasks: list[Task] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            tasks += _load_folder(path)
        elif path.suffix in (".toml", ".jsonl"):
            tasks += _load_file(path)
    return tasks


def _load_file(path: Path) -> list[Task]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"{path} can't be read: {error}") from error
    if path.suffix == ".jsonl":
        return read_lines(path, text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TaskError(f"{path}: {error}") from error
    language = str(data.get("language", ""))
    return [_task(path, language, row) for row in data.get("task", ())]


def _task(path: Path, language: str, row: Mapping[str, Any]) -> Task:
    where = f"{path}: task {row.get('id', '?')}"
    for key in row:
        if key not in _KEYS:
            raise TaskError(f"{where}: there is no key {key!r}; there are {', '.join(_KEYS)}")
    try:
        files, focus, place = unmarked(row["files"], where)
        language = row.get("language", language)
        answer = row.get("answer", {})
        hidden = dict(row.get("hidden", {}))
        if check := row.get("check"):
            hidden[_CHECKS[language]] = check
        _refuse_outside((*files, *hidden), where)
        return Task(
            id=row["id"],
            language=language,
            action=row["action"],
            files=files,
            path=focus,
            range=place,
            words=row.get("words", ""),
            report=row.get("report", ""),
            hidden=hidden,
            commands=tuple(tuple(one) for one in row.get("commands", ())),
            has=_texts(row, "has"),
            lacks=_texts(row, "lacks"),
            says=_texts(row, "says"),
            answer={focus: answer} if isinstance(answer, str) else _results(answer),
            replies=_texts(row, "replies"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise TaskError(f"{where}: {error!r} is missing or of the wrong type") from error


def _refuse_outside(paths: Iterable[str], where: str) -> None:
    """Refuse files that would not lie in the task's folder: task files are anybody's."""
    for path in paths:
        # Of all systems this one knows the most ways out.
        told = PureWindowsPath(path)
        if told.anchor or ".." in told.parts:
            raise TaskError(f"{where}: {path} lies outside the task's folder")


def _texts(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value: str | Sequence[str] = row.get(key, ())
    return (value,) if isinstance(value, str) else tuple(value)


def _results(answer: Mapping[str, Any]) -> dict[str, str | None]:
    """Read results by path; ``false`` stands for a file that is gone."""
    return {path: None if text is False else str(text) for path, text in answer.items()}
