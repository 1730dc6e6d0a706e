"""A Python file with Python's own tree, by byte offsets; for edits of calls and definitions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from functools import cached_property

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.parameters import Function
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text, split_lines

Span = tuple[int, int]
_DEF = re.compile(rb"(?:async\s+)?(?:def|class)\s+")
_TYPES = re.compile(rb"\s*")


class Source:
    """One file; raises :class:`RefusedError` if Python can't parse it."""

    def __init__(self, path: str, content: str) -> None:
        self.path = path
        self.text = Text(content)
        try:
            self.data = content.encode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise RefusedError(f"{path} can't be parsed ({error}); mend that first") from error
        self._lines = [line.encode() for line in split_lines(content)]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """Return the byte offset of one of Python's places: lines from 1, columns in bytes."""
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.arg | ast.keyword) -> Span:
        """Return where a node stands."""
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.offset(node.lineno, node.col_offset), end

    def slice(self, span: Span) -> str:
        """Return the text of a span."""
        return self.data[span[0] : span[1]].decode()

    def line_of(self, offset: int) -> int:
        """Return the 1-based line of a byte offset."""
        return self.text.position(len(self.data[:offset].decode())).line + 1

    def edit(self, span: Span, new: str) -> TextEdit:
        """Return an edit that replaces a span."""
        first = len(self.data[: span[0]].decode())
        last = first + len(self.slice(span))
        return TextEdit(Range(self.text.position(first), self.text.position(last)), new)

    @cached_property
    def calls(self) -> dict[int, ast.Call]:
        """Calls by the offset of the called name, those of which the places are right."""
        found: dict[int, ast.Call] = {}
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or not isinstance(
                node.func, ast.Name | ast.Attribute
            ):
                continue
            start, end = self.span(node.func)
            if isinstance(node.func, ast.Attribute):
                start = end - len(node.func.attr.encode())
            if self._is_there(node):
                found[start] = node
        return found

    @cached_property
    def definitions(self) -> dict[int, Function | ast.ClassDef]:
        """Functions and classes by the offset of their name."""
        found: dict[int, Function | ast.ClassDef] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                match = _DEF.match(self.data, self.span(node)[0])
                if match is not None:
                    found[match.end()] = node
        return found

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def brackets(self) -> dict[int, int]:
        """The offset of each closing bracket by that of its opening one."""
        pairs: dict[int, int] = {}
        open_: list[int] = []
        for token in tokenize.generate_tokens(io.StringIO(self.text.content, newline="").readline):
            if token.type == tokenize.OP and token.string in "([{":
                open_.append(self._token(token))
            elif token.type == tokenize.OP and token.string in ")]}" and open_:
                pairs[open_.pop()] = self._token(token)
        return pairs

    def parameters_span(self, name: int) -> Span:
        """Return what is between the parentheses of the function whose name is at an offset."""
        at = name
        while self.data[at : at + 1] not in (b"(", b"[", b""):
            at += 1
        if self.data[at : at + 1] == b"[":
            at = self.data.index(b"(", self.brackets.get(at, at))
        return at + 1, self.brackets.get(at, at + 1)

    def arguments_span(self, call: ast.Call) -> Span:
        """Return what is between the parentheses of a call."""
        at = _TYPES.match(self.data, self.span(call.func)[1])
        opened = at.end() if at is not None else 0
        if self.data[opened : opened + 1] != b"(":
            raise RefusedError(f"the call at {self.where(call)} can't be rewritten")
        return opened + 1, self.span(call)[1] - 1

    def where(self, node: ast.expr | ast.stmt) -> str:
        """Return a node's place as compilers print it."""
        return f"{self.path}:{node.lineno}"

    def enclosing(self, node: ast.AST) -> Function | None:
        """Return the innermost function around a node."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            above = self.parents.get(above)
        return above

    def _token(self, token: tokenize.TokenInfo) -> int:
        row, column = token.start
        line = self._lines[row - 1].decode()
        return self._starts[row - 1] + len(line[:column].encode())

    def _is_there(self, call: ast.Call) -> bool:
        """Whether a call stands where the tree says; in f-strings it may not, before 3.12."""
        start, end = self.span(call)
        try:
            found = ast.parse(f"({self.data[start:end].decode()})", mode="eval").body
        except (SyntaxError, ValueError):
            return False
        return ast.dump(found) == ast.dump(call)
