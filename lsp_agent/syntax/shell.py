"""Shell command lines as bash reads them: simple commands, and what stands around them.

Pure and total: a text that can't be read gives a line that is not ``valid``. Cost: one parse,
linear in the text, which may have ``MAX_CHARACTERS``.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lsp_agent.syntax.parser import Stretch, shared_parsers

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100
Trait = Literal[
    "pipeline", "list", "background", "substitution", "heredoc", "function", "compound",
    "subshell", "negation", "expansion", "assignment", "comment",
]  # fmt: skip
_TRAITS: dict[str, Trait] = {
    "pipeline": "pipeline",
    "list": "list",
    "command_substitution": "substitution",
    "process_substitution": "substitution",
    "heredoc_redirect": "heredoc",
    "herestring_redirect": "heredoc",
    "function_definition": "function",
    "subshell": "subshell",
    "negated_command": "negation",
    "simple_expansion": "expansion",
    "expansion": "expansion",
    "arithmetic_expansion": "expansion",
    "brace_expression": "expansion",
    "extglob_pattern": "expansion",
    "comment": "comment",
    "variable_assignment": "assignment",
    "compound_statement": "compound",
    "if_statement": "compound",
    "for_statement": "compound",
    "c_style_for_statement": "compound",
    "while_statement": "compound",
    "case_statement": "compound",
    "test_command": "compound",
}
_COMMANDS = frozenset({"command", "declaration_command", "unset_command"})
_PLAIN = frozenset({"word", "number", "variable_name"})
_ESCAPED = re.compile(r"\\(\n|.)", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\\n])')
# What the shell takes for files, lists, variables or the home folder where it is not quoted.
_EXPANDED = re.compile(r"[*?\[\]{}$]|\A~|=~|:~")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# The grammar passes over an escaped space that begins a word: it sees another word than the shell.
_PASSED_OVER = re.compile(r"(?<![^\s;&|()])\\[ \t]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word: what the program gets where it is ``literal``, else its source."""

    text: str
    literal: bool


@dataclass(frozen=True, slots=True)
class Redirection:
    """A redirection, as ``>`` and its target."""

    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """A program with its words; ``assignments`` stand before them, ``piped``: a pipe feeds it."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirections: tuple[Redirection, ...] = ()
    piped: bool = False

    @property
    def argv(self) -> tuple[str, ...] | None:
        """The words, where all are literal."""
        literal = all(word.literal for word in self.words)
        return tuple(word.text for word in self.words) if literal else None


@dataclass(frozen=True, slots=True)
class CommandLine:
    """All simple commands of a line, those in substitutions and functions too, in their order."""

    commands: tuple[SimpleCommand, ...]
    traits: frozenset[Trait]
    valid: bool

    @property
    def lone(self) -> SimpleCommand | None:
        """The one command of a line that is nothing but it."""
        plain = self.valid and not self.traits - {"assignment"}
        alone = len(self.commands) == 1 and self.commands[0].words
        return self.commands[0] if plain and alone else None


_UNREADABLE = CommandLine((), frozenset(), valid=False)


def read_command_line(text: str) -> CommandLine:
    """Read a command line; one that is too long, too deep or malformed is not ``valid``."""
    if len(text) > MAX_CHARACTERS or _UNSEEN.search(text) or _PASSED_OVER.search(text):
        return _UNREADABLE
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return _UNREADABLE
    lines = data.split(b"\n")
    # With a range, a text that takes too long is not held against the language.
    whole = Stretch(0, len(data), (0, 0), (len(lines) - 1, len(lines[-1])))
    tree = shared_parsers().parse("bash", data, ranges=(whole,)) if data else None
    if tree is None:
        return _UNREADABLE
    reader = _Reader()
    deep = reader.walk(tree.root_node)
    valid = not (deep or tree.root_node.has_error)
    line = CommandLine(tuple(reader.commands), frozenset(reader.traits), valid)
    return line if _is_sure(line, text) else _unsure(line)


def _is_sure(line: CommandLine, text: str) -> bool:
    """Whether a second reader sees the same words in a lone command, where it can tell."""
    lone = line.lone
    if lone is None or lone.argv is None or lone.assignments or lone.redirections:
        return True
    try:
        return shlex.split(text.replace("\\\n", "")) == list(lone.argv)
    except ValueError:
        return False


def _unsure(line: CommandLine) -> CommandLine:
    commands = [
        replace(command, words=tuple(replace(word, literal=False) for word in command.words))
        for command in line.commands
    ]
    return replace(line, commands=tuple(commands), traits=line.traits | {"expansion"})


class _Reader:
    """Collects the commands below a node, in a walk without recursion."""

    def __init__(self) -> None:
        self.commands: list[SimpleCommand] = []
        self.traits: set[Trait] = set()

    def walk(self, root: Node) -> bool:
        """Walk; return whether something is nested too deep."""
        stack: list[tuple[Node, int, tuple[Redirection, ...], bool]] = [(root, 0, (), False)]
        while stack:
            node, depth, redirections, piped = stack.pop()
            if depth > MAX_DEPTH:
                return True
            trait = _TRAITS.get(node.type)
            if trait is not None:
                self.traits.add(trait)
            if node.type in _COMMANDS:
                self._add(node, redirections, piped=piped)
            elif node.type in ("variable_assignment", "variable_assignments") and depth == 1:
                self.commands.append(SimpleCommand((), _assignments(node)))
            if node.type == "redirected_statement":
                redirections = _redirections(node)
            elif node.type in _COMMANDS:
                redirections = ()
            stack += reversed(self._below(node, depth, redirections, piped=piped))
        return False

    def _below(
        self, node: Node, depth: int, redirections: tuple[Redirection, ...], *, piped: bool
    ) -> list[tuple[Node, int, tuple[Redirection, ...], bool]]:
        below = []
        statements = 0
        fed = piped
        for child in node.children:
            if child.type in ("|", "|&"):
                fed = True
                self.traits.add("pipeline")
            elif child.type == "&":
                self.traits.add("background")
            elif node.type == "program" and child.is_named and child.type != "comment":
                statements += 1
            below.append((child, depth + 1, redirections, fed))
        if statements > 1:
            self.traits.add("list")
        return below

    def _add(self, node: Node, redirections: tuple[Redirection, ...], *, piped: bool) -> None:
        words: list[Word] = []
        assigned: list[tuple[str, Word]] = []
        apart = True
        end = -1
        for child in node.children:
            if not child.type.endswith("_redirect"):
                # One word to the shell, two to the grammar: ``=='a'``.
                apart = apart and child.start_byte != end
                end = child.end_byte
            if child.type == "variable_assignment" and node.type == "command":
                assigned += _assignments(child)
            elif child.type == "command_name":
                words.append(_word(child.children[0] if child.child_count else child))
            elif not child.type.endswith("_redirect"):
                words.append(_word(child))
        if not apart:
            words = [replace(word, literal=False) for word in words]
        if not all(word.literal for word in words):
            self.traits.add("expansion")
        own = (*redirections, *_redirections(node))
        self.commands.append(SimpleCommand(tuple(words), tuple(assigned), own, piped))


def _redirections(node: Node) -> tuple[Redirection, ...]:
    found = []
    for child in node.children:
        if child.type == "file_redirect":
            parts = [part for part in child.children if part.type != "file_descriptor"]
            target = _word(parts[-1]) if len(parts) > 1 else Word("", literal=False)
            found.append(Redirection(parts[0].type if parts else "", target))
        elif child.type.endswith("_redirect"):
            found.append(Redirection(child.type, Word(_source(child), literal=False)))
    return tuple(found)


def _assignments(node: Node) -> tuple[tuple[str, Word], ...]:
    if node.type == "variable_assignments":
        return tuple(one for child in node.children for one in _assignments(child))
    name, _, rest = _source(node).partition("=")
    value = node.child_by_field_name("value")
    return ((name, _word(value) if value is not None else Word(rest, literal=not rest)),)


def _word(node: Node) -> Word:
    """Return a word as the program gets it, if that can be told from the text alone."""
    source = _source(node)
    if node.type == "raw_string":
        return Word(source[1:-1], literal=True)
    if node.type == "string" and all(one.type in ('"', "string_content") for one in node.children):
        inside = source.removeprefix('"').removesuffix('"')
        escaped = _ESCAPED_IN_QUOTES.sub(lambda m: m[1].replace("\n", ""), inside)
        return Word(escaped, literal=True)
    if node.type == "concatenation":
        parts = [_word(child) for child in node.children]
        if all(part.literal for part in parts):
            return Word("".join(part.text for part in parts), literal=True)
    plain = node.type in _PLAIN and not node.named_child_count
    if (plain or not node.is_named) and not _EXPANDED.search(_ESCAPED.sub("", source)):
        return Word(_ESCAPED.sub(lambda m: m[1].replace("\n", ""), source), literal=True)
    return Word(source, literal=False)


def _source(node: Node) -> str:
    return node.text.decode() if node.text is not None else ""
