"""What a command line really runs: through wrappers, shells and options that name programs.

Pure and bounded. What can't be seen from the words is marked, not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.agent.programs import (
    AWK_PLAIN,
    AWK_RUNS,
    CODE_MODULES,
    EXECUTORS,
    FIND_RUNS,
    FIND_WRITES,
    GUARDS,
    INTERPRETERS,
    MODULES,
    NETWORK,
    PRIVILEGED,
    RUNNERS,
    SED_OPTIONS,
    SED_PLAIN,
    SHELLS,
    WRAPPERS,
    Guard,
    Interpreter,
    Wrapper,
    program_name,
)
from lsp_agent.syntax.shell import read_command_line

Mark = Literal["privileged", "runs", "network", "environment", "unknown"]
"""``privileged``: as another user; ``runs``: runs what its words or its input say; ``network``:
fetches or sends; ``environment``: under other variables; ``unknown``: could not be read."""
MAX_DEPTH = 8
MAX_PROGRAMS = 200
_MARKED: tuple[tuple[Mark, frozenset[str]], ...] = (
    ("privileged", PRIVILEGED),
    ("network", NETWORK),
    ("runs", RUNNERS),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The programs that a line runs, those inside others behind them, and what is special."""

    programs: tuple[tuple[str, ...], ...]
    marks: frozenset[Mark]


def read_command(command: str) -> Reading:
    """Say what a command line runs."""
    reader = _Reader()
    reader.line(command, 0)
    return reader.reading()


def read_argv(argv: Sequence[str]) -> Reading:
    """Say what a program runs that is started without a shell."""
    reader = _Reader()
    reader.argv(tuple(argv), 0)
    return reader.reading()


def unwrapped(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the program behind wrappers whose options are known, with its words."""
    for _ in range(MAX_DEPTH):
        wrapper = WRAPPERS.get(argv[0]) if argv else None
        at = _program_at(argv, wrapper) if wrapper else None
        if not at or at >= len(argv):
            return argv
        argv = argv[at:]
    return argv


def _program_at(argv: Sequence[str], wrapper: Wrapper) -> int | None:
    """Return where a wrapper's program stands; ``None`` behind an option that is not known."""
    at = 1
    while at < len(argv):
        word = argv[at]
        if word == "--":
            at += 1
            break
        if not word.startswith("-") or word == "-":
            break
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            if name in wrapper.names:
                at += 1 if equals else 2
            elif word in wrapper.long_flags:
                at += 1
            else:
                return None
            continue
        step = _short(word[1:], wrapper.flags, wrapper.values)
        if step is None:
            return None
        at += step
    return at + wrapper.operands


def _short(letters: str, flags: str, values: str) -> int | None:
    """Return how many words a bundle of short options takes; ``None`` for an unknown letter."""
    for index, letter in enumerate(letters):
        if letter in values:
            return 1 if index + 1 < len(letters) else 2
        if letter not in flags:
            return None
    return 1


class _Reader:
    """Follows a line into the programs that it runs, within bounds."""

    def __init__(self) -> None:
        self._programs: list[tuple[str, ...]] = []
        self._marks: set[Mark] = set()

    def reading(self) -> Reading:
        return Reading(tuple(self._programs), frozenset(self._marks))

    def line(self, text: str, depth: int) -> None:
        read = read_command_line(text)
        if not read.valid:
            self._marks.add("unknown")
        for command in read.commands:
            if command.assignments:
                self._marks.add("environment")
            if not command.words:
                continue
            if command.argv is None:
                # A variable or a list of files can be anything, options and programs too.
                self._marks.add("unknown")
            self.argv(tuple(one.text for one in command.words), depth, piped=command.piped)
        if "function" in read.traits:
            self._marks.add("runs")

    def argv(self, argv: tuple[str, ...], depth: int, *, piped: bool = False) -> None:
        if not argv:
            return
        if depth > MAX_DEPTH or len(self._programs) >= MAX_PROGRAMS:
            self._marks.add("unknown")
            return
        self._programs.append(argv)
        name = program_name(argv[0])
        for mark, names in _MARKED:
            if name in names:
                self._marks.add(mark)
        if name in PRIVILEGED or name in RUNNERS:
            self._inside(argv[1:], depth)
        if name in GUARDS:
            self._guard(GUARDS[name], argv)
        if name in SHELLS:
            self._shell(argv, depth, piped=piped)
        else:
            self._others(name, argv, depth)

    def _others(self, name: str, argv: tuple[str, ...], depth: int) -> None:
        if name in WRAPPERS:
            self._wrapper(name, argv, depth)
        elif name in EXECUTORS:
            self._executor(name, argv, depth)
        elif name in INTERPRETERS:
            self._interpreter(INTERPRETERS[name], argv, depth)
        elif name == "find":
            self._find(argv, depth)
        elif name in ("awk", "sed") and not (_awk_is_plain if name == "awk" else _sed_is_plain)(
            argv
        ):
            self._marks.add("runs")

    def _inside(self, words: tuple[str, ...], depth: int) -> None:
        """Look at what may be a program behind options that are not known."""
        for index, word in enumerate(words):
            name = program_name(word)
            if name in PRIVILEGED or name in SHELLS or name in WRAPPERS:
                self.argv(words[index:], depth + 1)
                return

    def _wrapper(self, name: str, argv: tuple[str, ...], depth: int) -> None:
        at = _program_at(argv, WRAPPERS[name])
        if at is None:
            self._marks.add("runs")
            self._inside(argv[1:], depth)
            return
        rest = argv[at:]
        if name == "env":
            while rest and "=" in rest[0]:
                self._marks.add("environment")
                rest = rest[1:]
        if name == "xargs" or (name == "env" and argv[1:] != rest):
            self._marks.add("runs" if name == "xargs" else "environment")
        self.argv(rest, depth + 1)

    def _shell(self, argv: tuple[str, ...], depth: int, *, piped: bool) -> None:
        words = list(argv[1:])
        given = False
        while words and words[0][:1] in ("-", "+") and words[0] not in ("-", "--"):
            word = words.pop(0)
            if word.startswith("--"):
                self._marks.add("runs")
            elif "c" in word:
                given = True
            elif not set(word[1:]) <= set("euxvfnl"):
                self._marks.add("runs")
                if word[-1:] in ("o", "O") and words:
                    words.pop(0)
        if words and words[0] in ("-", "--"):
            words.pop(0)
        if given:
            self._marks.add("runs")
            if words:
                self.line(words[0], depth + 1)
        elif piped or not words:
            self._marks.add("runs")

    def _interpreter(self, known: Interpreter, argv: tuple[str, ...], depth: int) -> None:
        at = 1
        while at < len(argv) and argv[at].startswith("-"):
            word = argv[at]
            if word.startswith("-m") and known is INTERPRETERS["python"]:
                module = word[2:] or "".join(argv[at + 1 : at + 2])
                rest = argv[at + (1 if word[2:] else 2) :]
                if module.partition(".")[0] in CODE_MODULES:
                    self._marks.add("runs")
                if module in MODULES:
                    self.argv((MODULES[module], *rest), depth + 1)
                return
            step = 1 if word in known.names else None
            if not word.startswith("--") and word != "-":
                step = _short(word[1:], known.flags, known.values)
            if step is None:
                self._marks.add("runs")
                return
            at += step
        if at >= len(argv) and not any(
            word in known.names or set(word[1:]) <= set(known.shown) for word in argv[1:]
        ):
            # Without a script it runs what it reads.
            self._marks.add("runs")

    def _find(self, argv: tuple[str, ...], depth: int) -> None:
        for at, word in enumerate(argv):
            if word in FIND_RUNS:
                self._marks.add("runs")
                rest = argv[at + 1 :]
                end = next((n for n, one in enumerate(rest) if one in (";", "+", "\\;")), len(rest))
                self.argv(rest[:end], depth + 1)
            elif word in FIND_WRITES:
                self._marks.add("runs")

    def _executor(self, name: str, argv: tuple[str, ...], depth: int) -> None:
        words = [word for word in argv[1:] if not word.startswith("-")]
        verbs = EXECUTORS[name]
        if verbs and (not words or words[0] not in verbs):
            return
        self._marks.add("runs")
        if name in ("npx", "pnpx", "bunx", "uvx", "pipx"):
            self._marks.add("network")
        rest = tuple(words[1:] if verbs else words)
        start = next((n for n, word in enumerate(argv) if rest and word == rest[0]), len(argv))
        self.argv(argv[start:], depth + 1)

    def _guard(self, guard: Guard, argv: tuple[str, ...]) -> None:
        if any(_smuggles(guard, word, first=n == 0) for n, word in enumerate(argv[1:])):
            self._marks.add("runs")
        if guard.verbs is None:
            return
        for word in argv[1:]:
            if word in guard.verbs:
                if word in guard.fetching:
                    self._marks.add("network")
                return
            if word in guard.fetching:
                self._marks |= {"network", "runs"}
                return
            if word not in guard.lead:
                self._marks.add("runs")
                return


def _awk_is_plain(argv: tuple[str, ...]) -> bool:
    """Whether an awk program only reads and prints; later operands change nothing of that."""
    words = list(argv[1:])
    while words and words[0].startswith("-") and words[0] != "--":
        word = words.pop(0)
        if not AWK_PLAIN.fullmatch(word):
            return False
        if word in ("-F", "-v") and words:
            words.pop(0)
    if words[:1] == ["--"]:
        words.pop(0)
    return bool(words) and not AWK_RUNS.search(words[0])


def _sed_is_plain(argv: tuple[str, ...]) -> bool:
    """Whether a sed script is one substitution or print, without the flags that run or write."""
    words = [word for word in argv[1:] if not SED_OPTIONS.fullmatch(word)]
    options = any(word.startswith("-") for word in words)
    return bool(words) and not options and SED_PLAIN.fullmatch(words[0]) is not None


def _smuggles(guard: Guard, word: str, *, first: bool) -> bool:
    if guard.starts and word.startswith(guard.starts):
        return True
    if word.startswith("--"):
        name = word.partition("=")[0]
        # Long options may be cut short, and some programs take a value without "=".
        return len(name) > 2 and any(
            full.startswith(name) or word.startswith(full) for full in guard.names
        )
    if word.startswith("-") or (guard.bare and first):
        return not set(word).isdisjoint(guard.letters)
    return guard.assigns and "=" in word
