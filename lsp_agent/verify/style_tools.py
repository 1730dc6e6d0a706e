"""The formatters and linters that are known: when a project uses one, and how it is asked.

Those that run no code of the project are started as they are found; the others, whose configuration
is code or names plugins, in the run's :class:`~lsp_agent.verify.types.Workshop` only.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.sandbox.types import SandboxError
from lsp_agent.syntax.languages import ECMA
from lsp_agent.verify.programs import Printed, Programs
from lsp_agent.verify.project import Project
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import Overlay

_WEB = ECMA | {"json", "css", "html", "yaml", "markdown"}
_ENDINGS = ("js", "cjs", "mjs", "ts", "cts", "mts")
_PRETTIER = (
    ".prettierrc",
    *(f".prettierrc.{one}" for one in ("json", "json5", "yaml", "yml", "toml", *_ENDINGS)),
    *(f"prettier.config.{one}" for one in _ENDINGS),
)
_ESLINT = (
    *(f"eslint.config.{one}" for one in _ENDINGS),
    ".eslintrc",
    *(f".eslintrc.{one}" for one in ("js", "cjs", "json", "yaml", "yml")),
)
_MAX_PASSES = 8
_RUFF = ("ruff.toml", ".ruff.toml")
_RUSTFMT = ("rustfmt.toml", ".rustfmt.toml")


class NotCheckedError(LspAgentError):
    """A tool that can't be asked; the message says why."""

    code = "not-checked"


class AbsentError(NotCheckedError):
    """A tool that is not on this machine, or may not be started."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A linter's remark; line and column are 1-based, ``source`` is the line's text."""

    line: int
    column: int
    code: str
    message: str
    source: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tools are asked with; ``refusal`` is why no code of the folder may run, if so."""

    overlay: Overlay
    root: Path
    programs: Programs
    workshop: Workshop | None
    refusal: str
    cancel: CancelToken
    deadline: float
    project: Project
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, name: str, path: str, arguments: Sequence[str], text: str, cwd: Path | None = None
    ) -> Printed:
        """Run a program that runs nothing of the project; raises :class:`NotCheckedError`."""
        program, reason = self.programs.find(name, self.root, self._folder(path))
        if not program:
            raise AbsentError(reason)
        try:
            return self.programs.run(
                [program, *arguments], text, cwd or self.root, self.cancel, self._left(name)
            )
        except (OSError, ValueError) as error:
            raise NotCheckedError(f"{name}: {error}") from error

    def ask_inside(self, name: str, path: str, arguments: Sequence[str], text: str) -> Printed:
        """Run a program of the project in the workshop; raises :class:`NotCheckedError`."""
        if self.workshop is None or self.refusal:
            raise NotCheckedError(f"{name} runs code of the folder, and {self.refusal}")
        program, reason = self.programs.find(name, self.root, self._folder(path))
        if not program:
            raise AbsentError(reason)
        # The copy is one: what runs in it runs by turns.
        with self.lock:
            try:
                outcome = self.workshop.run(
                    [program, *arguments],
                    self.overlay,
                    self.cancel,
                    seconds=self._left(name),
                    stdin=text.encode("utf-8", "replace"),
                )
            except SandboxError as error:
                raise NotCheckedError(f"{name}: {error}") from error
        self.cancel.check()
        if outcome.status is None:
            raise NotCheckedError(f"{name} was ended: {outcome.ended}")
        return Printed(outcome.status, outcome.output, outcome.output)

    def _folder(self, path: str) -> Path:
        return self.root / path.rpartition("/")[0]

    def _left(self, name: str) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise NotCheckedError(f"no time was left for {name}")
        return left


@dataclass(frozen=True, slots=True)
class StyleTool:
    """A formatter, a linter, or both.

    ``used`` says of a file whether the project uses it there, ``formats_new`` whether files that
    the run makes are to be in its form. ``format`` and ``lint`` get a file's path and a text;
    ``fix`` also a code, whose safe fixes it makes: all of them where that is ``""``. ``expected``
    is one whose absence is said.
    """

    name: str
    languages: frozenset[str]
    used: Callable[[Project, str], bool]
    formats_new: Callable[[Project, str], bool] = lambda _project, _path: True
    format: Callable[[Surroundings, str, str], str] | None = None
    lint: Callable[[Surroundings, str, str], list[Finding]] | None = None
    fix: Callable[[Surroundings, str, str, str], str] | None = None
    expected: bool = True


def _uses_ruff(project: Project, path: str) -> bool:
    return bool(project.file(path, _RUFF)) or _has(project, path, "tool", "ruff")


def _formats_by_ruff(project: Project, path: str) -> bool:
    own = project.file(path, _RUFF)
    return "format" in project.read(own) if own else _has(project, path, "tool", "ruff", "format")


def _has(project: Project, path: str, *keys: str) -> bool:
    return project.table(path, "pyproject.toml", *keys) is not None


def _ruff_format(around: Surroundings, path: str, text: str) -> str:
    if _has(around.project, path, "tool", "black"):
        return text
    arguments = ["format", "--no-cache", "--force-exclude", "--quiet", *_stdin_name(around, path)]
    return _formatted("ruff format", around.ask("ruff", path, arguments, text))


def _ruff_lint(around: Surroundings, path: str, text: str) -> list[Finding]:
    arguments = [
        "check", "--output-format=json", "--no-fix", "--no-cache", "--force-exclude", "--quiet",
        *_stdin_name(around, path),
    ]  # fmt: skip
    printed = around.ask("ruff", path, arguments, text)
    if printed.status not in (0, 1):
        raise NotCheckedError(f"ruff: {_last_line(printed.complaints)}")
    rows = _json(printed.output, "ruff")
    lines = text.splitlines()
    found = []
    for row in rows:
        code, place = row.get("code") or "", row.get("location") or {}
        # What does not parse is the syntax check's.
        if code and code != "invalid-syntax":
            number = int(place.get("row", 1))
            found.append(_finding(lines, number, place.get("column", 1), code, row["message"]))
    return found


def _ruff_fix(around: Surroundings, path: str, text: str, code: str) -> str:
    select = [f"--select={code}"] if code else []
    arguments = [
        "check", "--fix-only", *select, "--no-cache", "--force-exclude", "--quiet",
        *_stdin_name(around, path),
    ]  # fmt: skip
    fixed = _formatted("ruff", around.ask("ruff", path, arguments, text))
    # It prints nothing for a file that it leaves out, and for one that held nothing else.
    return fixed if fixed or _ruff_lint(around, path, text) else text


def _stdin_name(around: Surroundings, path: str) -> list[str]:
    return ["--stdin-filename", str(around.root / path), "-"]


def _black_format(around: Surroundings, path: str, text: str) -> str:
    arguments = ["-q", "--stdin-filename", f"./{path}", "-"]
    return _formatted("black", around.ask_inside("black", path, arguments, text))


def _prettier_format(around: Surroundings, path: str, text: str) -> str:
    arguments = ["--log-level", "silent", "--stdin-filepath", f"./{path}"]
    return _formatted("prettier", around.ask_inside("prettier", path, arguments, text))


def _eslint_lint(around: Surroundings, path: str, text: str) -> list[Finding]:
    lines = text.splitlines()
    return [
        _finding(
            lines,
            int(row.get("line") or 1),
            row.get("column"),
            row.get("ruleId") or "",
            str(row.get("message", "")),
        )
        for row in _eslint_rows(around, path, text)
    ]


def _eslint_fix(around: Surroundings, path: str, text: str, code: str) -> str:
    """Make the fixes that do not meet, again until none is left; eslint counts in UTF-16."""
    for _ in range(_MAX_PASSES):
        data = text.encode("utf-16-le", "surrogatepass")
        fixes = sorted(
            (int(fix["range"][0]) * 2, int(fix["range"][1]) * 2, str(fix["text"]))
            for row in _eslint_rows(around, path, text)
            if (fix := row.get("fix")) and code in ("", row.get("ruleId"))
        )
        if not fixes:
            break
        pieces, at = [], 0
        for start, end, new in fixes:
            if start >= at:
                pieces += [data[at:start], new.encode("utf-16-le", "surrogatepass")]
                at = end
        text = b"".join([*pieces, data[at:]]).decode("utf-16-le", "surrogatepass")
    return text


def _eslint_rows(around: Surroundings, path: str, text: str) -> list[dict[str, Any]]:
    arguments = ["--format", "json", "--stdin", "--stdin-filename", f"./{path}"]
    printed = around.ask_inside("eslint", path, arguments, text)
    if printed.status not in (0, 1):
        raise NotCheckedError(f"eslint: {_last_line(printed.complaints)}")
    rows = [row for file in _json(printed.output, "eslint") for row in file.get("messages") or ()]
    for row in rows:
        if row.get("fatal"):
            raise NotCheckedError(f"eslint: {row.get('message', '')}")
    return rows


def _gofmt_format(around: Surroundings, path: str, text: str) -> str:
    return _formatted("gofmt", around.ask("gofmt", path, [], text))


def _rustfmt_format(around: Surroundings, path: str, text: str) -> str:
    arguments = ["--quiet", "--emit", "stdout", "--edition", _edition(around.project, path)]
    if own := around.project.file(path, _RUSTFMT):
        arguments += ["--config-path", str(around.root / own)]
    # In the folder, rustup's stand-in would take the compiler that rust-toolchain.toml names.
    program, _ = around.programs.find("rustfmt", around.root, around.root)
    cwd = Path(program).parent if program else None
    return _formatted("rustfmt", around.ask("rustfmt", path, arguments, text, cwd))


def _edition(project: Project, path: str) -> str:
    for keys in (("package",), ("workspace", "package")):
        edition = (project.table(path, "Cargo.toml", *keys) or {}).get("edition")
        if isinstance(edition, str) and edition.isdecimal():
            return edition
    return "2021"


def _formatted(name: str, printed: Printed) -> str:
    if printed.status != 0:
        raise NotCheckedError(f"{name}: {_last_line(printed.complaints)}")
    return printed.output


def _finding(lines: Sequence[str], number: int, column: Any, code: str, message: str) -> Finding:
    source = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Finding(number, int(column or 1), code, " ".join(message.split()), source)


def _json(output: str, name: str) -> list[Any]:
    """Read a list of JSON that warnings may stand around."""
    for line in (output, *output.splitlines()):
        if line.lstrip().startswith("["):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, list) and all(isinstance(one, dict) for one in found):
                return found
    if not output.strip():
        return []
    raise NotCheckedError(f"{name}: its answer can't be read")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it failed")


STYLE_TOOLS = (
    StyleTool(
        "ruff",
        frozenset({"python"}),
        _uses_ruff,
        _formats_by_ruff,
        format=_ruff_format,
        lint=_ruff_lint,
        fix=_ruff_fix,
    ),
    StyleTool(
        "black",
        frozenset({"python"}),
        lambda project, path: _has(project, path, "tool", "black"),
        format=_black_format,
    ),
    StyleTool(
        "prettier",
        _WEB,
        lambda project, path: (
            bool(project.file(path, _PRETTIER))
            or project.table(path, "package.json", "prettier") is not None
        ),
        format=_prettier_format,
    ),
    StyleTool(
        "eslint",
        ECMA,
        lambda project, path: (
            bool(project.file(path, _ESLINT))
            or project.table(path, "package.json", "eslintConfig") is not None
        ),
        lint=_eslint_lint,
        fix=_eslint_fix,
    ),
    StyleTool(
        "gofmt",
        frozenset({"go"}),
        lambda _project, _path: True,
        format=_gofmt_format,
        expected=False,
    ),
    StyleTool(
        "rustfmt",
        frozenset({"rust"}),
        lambda _project, _path: True,
        format=_rustfmt_format,
        expected=False,
    ),
)
