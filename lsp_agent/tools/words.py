"""Splitting a command into words as a shell would, where no shell runs it.

What only a shell could do is refused with its name, so that it is neither passed on as text nor
done unseen.
"""

from __future__ import annotations

import re

from lsp_agent.tools.spec import ToolError

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_OPERATORS = {
    "|": "a pipe",
    "&": "&",
    ";": "several commands",
    "<": "a redirection",
    ">": "a redirection",
    "(": "a subshell",
    ")": "a subshell",
    "\n": "several commands",
}
_BUILTINS = frozenset(
    {"cd", "export", "source", ".", "alias", "eval", "exec", "set", "unset", "ulimit", "umask"}
)
_EXPANDED = re.compile(r"\$[A-Za-z0-9_({@*#?$!'\"-]|`")


def split_words(command: str) -> tuple[str, ...]:
    """Return the words of a command: quotes and backslashes work as in a POSIX shell.

    Raises :class:`ToolError` for pipes, ``&&``, redirections, substitutions and other things that
    need a shell, for a quote without its end, and where there is no word.
    """
    reader = _Reader(command)
    words = reader.words()
    if not words:
        raise ToolError("the command is empty; give a program and its arguments")
    if _ASSIGNMENT.match(words[0]):
        raise ToolError(
            f"{words[0]!r} sets a variable, which needs a shell; write: env {command.strip()}"
        )
    if words[0] in _BUILTINS:
        raise ToolError(
            f"{words[0]} is a part of shells, not a program; every command starts at the workspace "
            "root, so name paths from there, or write all of it as one: sh -c '…'"
        )
    return tuple(words)


class _Reader:
    def __init__(self, command: str) -> None:
        if "\0" in command:
            raise ToolError("the command holds a NUL character; leave it out")
        self._text = command.strip()
        self._at = 0
        self._word: str | None = None

    def words(self) -> list[str]:
        found: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char in " \t\r":
                self._end(found)
            elif char == "'":
                self._add(self._until_single_quote())
            elif char == '"':
                self._double_quoted()
            elif char == "\\":
                self._escaped()
            else:
                self._plain(char)
        self._end(found)
        return found

    def _end(self, found: list[str]) -> None:
        if self._word is not None:
            found.append(self._word)
        self._word = None

    def _add(self, text: str) -> None:
        self._word = (self._word or "") + text

    def _plain(self, char: str) -> None:
        if char in _OPERATORS:
            both = self._text[self._at - 1 : self._at + 1]
            raise _needs_shell(both if both in ("&&", "||", ">>", "<<") else char, _OPERATORS[char])
        if char in "*?":
            raise _needs_shell(char, "a pattern of file names")
        if char == "~" and self._word is None:
            raise _needs_shell("~", "the home folder")
        if char == "#" and self._word is None:
            raise _needs_shell("#", "a comment")
        self._refuse_expansion(char)
        self._add(char)

    def _refuse_expansion(self, char: str) -> None:
        if char in "$`" and (found := _EXPANDED.match(self._text, self._at - 1)):
            raise _needs_shell(found[0], "a substitution")

    def _until_single_quote(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise ToolError("a ' has no end; close it, or escape it")
        text = self._text[self._at : end]
        self._at = end + 1
        return text

    def _double_quoted(self) -> None:
        self._add("")
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return
            if char == "\\" and self._text[self._at : self._at + 1] in ("$", "`", '"', "\\", "\n"):
                char = self._text[self._at].replace("\n", "")
                self._at += 1
            else:
                self._refuse_expansion(char)
            self._add(char)
        raise ToolError('a " has no end; close it, or escape it')

    def _escaped(self) -> None:
        if self._at == len(self._text):
            raise ToolError("the command ends in a backslash; leave it out")
        # A backslash at the end of a line joins it with the next.
        if self._text[self._at] != "\n":
            self._add(self._text[self._at])
        self._at += 1


def _needs_shell(what: str, meaning: str) -> ToolError:
    return ToolError(
        f"{what!r} ({meaning}) needs a shell, and none runs commands here: make several calls, "
        "quote it if it is meant as text, or ask for a shell by name: sh -c '…'"
    )
