"""A function or class of a Python module moved to another or a new one, imports mended everywhere.

Refused are a circular import that this would make, and whatever can't be followed: a name taken by
``*``, one that the target has already, an import that stands under a condition.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lsp_agent.index.python.types import ModuleObject
from lsp_agent.refactor.circles import refuse_circles
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.import_lines import (
    Taken,
    import_place,
    imported_modules,
    module_text,
    spelled,
    taken,
    whole_line,
    without,
)
from lsp_agent.refactor.mentions import Mention, Subject, mentions
from lsp_agent.refactor.module_names import (
    bound_names,
    free_names,
    has_future,
    is_relative,
    names_for_checkers,
    refuse_early,
)
from lsp_agent.refactor.names import Found, SymbolFinder, Use
from lsp_agent.refactor.parameters import Function
from lsp_agent.refactor.rewrites import Rewrites
from lsp_agent.refactor.source import Source, Span
from lsp_agent.syntax.python_model import Role
from lsp_agent.workspace.positions import Position

_BLANK = re.compile(rb"(?:[ \t]*\r?\n)*")
_LINE_END = re.compile(rb"\r?\n")
Definition = Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Moved:
    """The texts of changed files; ``left`` are the strings that name it by its old module."""

    name: str
    target: str
    texts: Mapping[str, str]
    left: tuple[Mention, ...]


def module_path(wanted: str, path: str) -> str:
    """Return the path that ``shop.prices``, ``shop/prices.py`` or ``prices`` means for a file."""
    text = wanted.strip().strip("`\"'")
    if not text.endswith(".py"):
        text = text.replace(".", "/") + ".py"
        folder = path.rpartition("/")[0]
        text = f"{folder}/{text}" if folder and "/" not in text else text
    parts = text.removesuffix(".py").split("/")
    if not all(part.isidentifier() for part in parts):
        raise RefusedError(f"{wanted!r} is no module: name one as package.module or folder/file.py")
    if text == path:
        raise RefusedError(f"it stands in {path} already")
    return text


def move(files: WorkspaceFiles, path: str, position: Position, wanted: str) -> Moved:
    """Return what moving the definition around a position to another module takes.

    Raises :class:`RefusedError` with the reason where it is not sure to be right.
    """
    source = Source(path, files.text(path) or "")
    target = module_path(wanted, path)
    node = _definition(source, position)
    offset = next(at for at, one in source.definitions.items() if one is node)
    finder = SymbolFinder(files)
    found = finder.find(path, source.edit((offset, offset), "").range.start)
    there = files.edited({target: files.text(target) or ""})
    made = _Move(finder, SymbolFinder(there), source, node, found, target)
    texts = made.texts()
    refuse_circles(files.edited(texts), made.edges, texts)
    stem = path.rpartition("/")[2].removesuffix(".py")
    subject = Subject(node.name, frozenset({stem}), alone=False)
    left: list[Mention] = []
    for one in files.holding(node.name):
        spoken, kept = mentions(one, files.text(one) or "", subject)
        named = (f"{stem}.{node.name}", f"{stem}:{node.name}")
        left += [each for each in (*spoken, *kept) if any(word in each.line for word in named)]
    return Moved(node.name, target, texts, tuple(left))


def _definition(source: Source, position: Position) -> Definition:
    line = position.line + 1
    for one in source.tree.body:
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([one.lineno, *(each.lineno for each in one.decorator_list)])
        if first <= line <= (one.end_lineno or one.lineno):
            return one
    raise RefusedError("there is no function or class of the module here")


class _Move:
    """One definition on its way; ``edges`` are the imports that it adds, file to file."""

    def __init__(
        self,
        finder: SymbolFinder,
        after: SymbolFinder,
        source: Source,
        node: Definition,
        found: Found,
        target: str,
    ) -> None:
        self._finder, self._source, self._node, self._found = finder, source, node, found
        self._modules = after.resolver.lookup.modules
        self._target = Source(target, finder.files.text(target) or "")
        self._new = finder.files.text(target) is None
        self._work = Rewrites(finder.files)
        self._work.sources[source.path] = source
        self._work.sources[target] = self._target
        self.edges: list[tuple[str, str]] = []
        self._span = self._block()

    def texts(self) -> dict[str, str]:
        """Return all changed texts."""
        name, source, target = self._node.name, self._source, self._target
        block = source.slice(self._span)
        used = free_names(block) - {name}
        own = {one.name: one for one in taken(source.tree.body)}
        bound = bound_names(source.text.content)
        copied = [own[one] for one in sorted(used & set(own))]
        local = sorted((used & bound) - set(own) - {name})
        stays = self._stays()
        self._refuse(block, used, bound, local, stays)
        self._others()
        lines = self._copied(copied)
        found = imported_modules(Source(target.path, "\n".join(lines)))
        modules = [self._modules.resolve(one, target.path) for one in found]
        self.edges += [(target.path, one.path) for one in modules if one is not None and one.path]
        if local:
            lines.append(
                f"from {self._spelled(target.path, source.path)} import {', '.join(local)}"
            )
            self.edges.append((target.path, source.path))
        self._work.put(source.path, self._with_blanks(), "")
        self._drop_unused(copied)
        if stays:
            line = f"from {self._spelled(source.path, target.path)} import {name}"
            self._insert(source, [line])
            self.edges.append((source.path, target.path))
        texts = self._work.texts()
        texts[target.path] = self._arrived(lines, block, texts.get(target.path))
        if not source.data.startswith((b"\n", b"\r")):
            texts[source.path] = texts[source.path].lstrip("\r\n")
        return texts

    def _block(self) -> Span:
        """Return the definition's lines, with its decorators and the comments right above it."""
        source, node = self._source, self._node
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        while first > 1 and source.text.line(first - 2).startswith("#"):
            first -= 1
        start, end = source.offset(first, 0), source.span(node)[1]
        return start, whole_line(source, (start, end))[1]

    def _with_blanks(self) -> Span:
        """Return those lines with the blank ones behind them, or before them at the file's end."""
        (start, end), data = self._span, self._source.data
        blank = _BLANK.match(data, end)
        end = blank.end() if blank is not None else end
        if not data[end:].strip():
            start = len(data[:start].rstrip())
            line_end = _LINE_END.match(data, start)
            return (line_end.end() if line_end is not None and start else start), len(data)
        return start, end

    def _stays(self) -> bool:
        """Whether what stays in the source uses the definition, or offers it in ``__all__``."""
        return any(
            use.path == self._source.path
            and not self._span[0] <= use.occurrence.start < self._span[1]
            for use in self._found.uses
        )

    def _refuse(
        self, block: str, used: set[str], bound: set[str], local: list[str], stays: bool
    ) -> None:
        name, source, target = self._node.name, self._source, self._target
        if len(self._found.targets) > 1:
            raise RefusedError(f"{name} is defined more than once")
        if local and stays:
            raise RefusedError(
                f"{source.path} uses {name}, which uses {', '.join(local)} from there: they would "
                "import each other; move them together"
            )
        if "__name__" in used:
            raise RefusedError(f"{name} asks for __name__, which would be that of {target.path}")
        unknown = used - bound - set(dir(builtins)) - {"__doc__"}
        if unknown:
            raise RefusedError(f"it is not known what {min(unknown)} is in {name}")
        nodes = list(ast.walk(self._node))
        if any(isinstance(one, ast.Global) for one in nodes):
            raise RefusedError(f"{name} changes globals of {source.path}")
        if hidden := used & names_for_checkers(source):
            raise RefusedError(f"{min(hidden)} is imported for type checkers only")
        if name in bound_names(target.text.content) - {one.name for one in self._brought()}:
            raise RefusedError(f"{target.path} has a {name} already")
        future = [has_future(one) for one in (source, target)]
        if not self._new and future[0] != future[1] and (":" in block):
            raise RefusedError(
                f"only one of {source.path} and {target.path} has annotations put off"
            )

    def _brought(self) -> list[Taken]:
        """Return how the target imports the definition now."""
        found = []
        for one in taken(self._target.tree.body):
            if isinstance(one.statement, ast.ImportFrom) and one.alias.name == self._node.name:
                module = self._modules.resolve(module_text(one.statement), self._target.path)
                if module is not None and module.path == self._source.path:
                    found.append(one)
        return found

    def _others(self) -> None:
        """Mend the imports in all other files."""
        for path in sorted({use.path for use in self._found.uses} - {self._source.path}):
            uses = [use for use in self._found.uses if use.path == path]
            source = self._work.source(path)
            self._imports(source)
            attributes = [one for one in uses if one.occurrence.role is Role.ATTRIBUTE]
            if attributes and path == self._target.path:
                refuse_early(source, self._node.name)
            self._attributes(source, attributes)

    def _imports(self, source: Source) -> None:
        name, names = self._node.name, self._finder.resolver.lookup.names(source.path)
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            module = self._modules.resolve(module_text(node), source.path)
            if module is None or module.path != self._source.path:
                continue
            if any(one.name == "*" for one in node.names):
                if names is not None and names.occurrences(name):
                    raise RefusedError(f"{source.path} takes {name} by *: name it there first")
                continue
            mine = [one for one in node.names if one.name == name]
            if not mine:
                continue
            span, text = without(source, node, mine)
            if source.path == self._target.path:
                refuse_early(source, name)
                if mine[0].asname:
                    raise RefusedError(f"{source.path} calls {name} {mine[0].asname}")
                self._work.put(source.path, span, text)
                continue
            line = self._line(source, node, mine)
            indent = " " * node.col_offset
            added = (
                f"{text}{source.text.eol}{indent}{line}"
                if text
                else f"{indent}{line}{source.text.eol}"
            )
            self._work.put(source.path, span, added)
            self.edges.append((source.path, self._target.path))

    def _line(self, source: Source, node: ast.ImportFrom, mine: list[ast.alias]) -> str:
        module = self._spelled(source.path, self._target.path, module_text(node))
        names = [f"{one.name} as {one.asname}" if one.asname else one.name for one in mine]
        return f"from {module} import {', '.join(names)}"

    def _attributes(self, source: Source, uses: list[Use]) -> None:
        """Give uses as ``module.name`` the name alone, with an import of it."""
        inference, name = self._finder.resolver.inference, self._node.name
        names = self._finder.resolver.lookup.names(source.path)
        mine = []
        for use in uses:
            kinds = inference.types_of(source.path, names.receiver(use.occurrence)) if names else ()
            modules = [one for one in kinds if isinstance(one, ModuleObject)]
            if any(one.module.path == self._source.path for one in modules):
                mine.append(use.occurrence.start)
        if not mine or names is None:
            return
        if any(one.role is not Role.ATTRIBUTE for one in names.occurrences(name)):
            raise RefusedError(f"{source.path} has another {name}")
        placed = 0
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr == name:
                span = source.span(node)
                if span[1] - len(name.encode()) in mine:
                    self._work.put(source.path, span, name)
                    placed += 1
        if placed != len(mine):
            raise RefusedError(f"a use of {name} in {source.path} can't be rewritten")
        if source.path != self._target.path:
            line = f"from {self._spelled(source.path, self._target.path)} import {name}"
            self._insert(source, [line])
            self.edges.append((source.path, self._target.path))

    def _spelled(self, importer: str, target: str, like: str = "") -> str:
        relative = like.startswith(".") if like else is_relative(self._work.source(importer))
        return spelled(self._modules, importer, target, relative=relative, like=like.lstrip("."))

    def _copied(self, copied: list[Taken]) -> list[str]:
        """Return the imports that the definition needs in the target."""
        there = {one.name: one for one in taken(self._target.tree.body)}
        known = bound_names(self._target.text.content)
        lines = []
        for one in copied:
            line = self._import_of(one)
            own = there.get(one.name)
            if own is not None and ast.unparse(_alone(own)) == line:
                continue
            if one.name in known:
                raise RefusedError(f"{self._target.path} means something else by {one.name}")
            lines.append(line)
        return lines

    def _import_of(self, one: Taken) -> str:
        statement, source = one.statement, self._source
        alone = _alone(one)
        if not isinstance(statement, ast.ImportFrom) or not statement.level:
            return ast.unparse(alone)
        module = self._modules.resolve(module_text(statement), source.path)
        if module is None or module.path is None:
            if source.path.rpartition("/")[0] == self._target.path.rpartition("/")[0]:
                return ast.unparse(alone)
            raise RefusedError(f"it is not known what {module_text(statement)} is elsewhere")
        if module.path == self._target.path:
            raise RefusedError(f"{one.name} comes from {self._target.path} under another name")
        written = spelled(self._modules, self._target.path, module.path, relative=True)
        return f"from {written} import {ast.unparse(alone.names[0])}"

    def _drop_unused(self, copied: list[Taken]) -> None:
        """Take imports out of the source that only the definition used."""
        source = self._source
        if source.path.endswith("__init__.py"):
            return
        rest = source.data[: self._span[0]] + source.data[self._span[1] :]
        nodes = list(ast.walk(ast.parse(rest)))
        used = {one.id for one in nodes if isinstance(one, ast.Name)}
        texts = (one.value for one in nodes if isinstance(one, ast.Constant))
        used |= {one for one in texts if isinstance(one, str)}
        gone = [one for one in copied if one.name not in used and not self._offered(one.name)]
        for statement in {id(one.statement): one.statement for one in gone}.values():
            aliases = [one.alias for one in gone if one.statement is statement]
            self._work.put(source.path, *without(source, statement, aliases))

    def _offered(self, name: str) -> bool:
        """Whether another file imports a name from the source."""
        for path in self._finder.files.files_with(name):
            for node in ast.walk(self._work.source(path).tree) if path != self._source.path else ():
                if isinstance(node, ast.ImportFrom) and any(one.name == name for one in node.names):
                    module = self._modules.resolve(module_text(node), path)
                    if module is not None and module.path == self._source.path:
                        return True
        return False

    def _insert(self, source: Source, lines: list[str]) -> None:
        at = import_place(source)
        text = "".join(f"{line}{source.text.eol}" for line in lines)
        for span in self._work.spans.get(source.path, {}):
            if span[0] < at < span[1]:
                raise RefusedError(f"the imports of {source.path} can't be mended: do it by hand")
        before = self._work.spans.get(source.path, {}).get((at, at), "")
        self._work.put(source.path, (at, at), before + text)

    def _arrived(self, lines: list[str], block: str, changed: str | None) -> str:
        """Return the target's text with the definition at its end."""
        eol = self._source.text.eol
        block = block.rstrip() + eol
        if self._new:
            future = ["from __future__ import annotations"] if has_future(self._source) else []
            parts = [eol.join(future), eol.join(lines)]
            head = (eol * 2).join(part for part in parts if part)
            return f"{head}{eol * 3}{block}" if head else block
        target = Source(self._target.path, changed or self._target.text.content)
        at = import_place(target)
        added = "".join(f"{line}{eol}" for line in lines)
        text = target.data[:at].decode() + added + target.data[at:].decode()
        return f"{text.rstrip()}{eol * 3}{block}" if text.strip() else block


def _alone(one: Taken) -> ast.Import | ast.ImportFrom:
    """Return an import of one name alone."""
    if isinstance(one.statement, ast.ImportFrom):
        return ast.ImportFrom(one.statement.module, [one.alias], one.statement.level)
    return ast.Import([one.alias])
