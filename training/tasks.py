"""Examples of *fix*, *document* and *annotate*, made with the product's own answer forms.

A file's function is damaged (a fault, its docstring or its hints taken away), the product makes
its question from the damaged file, and the answer is what gives the sound file back.
"""

from __future__ import annotations

import ast
import random
import re
import warnings
from dataclasses import dataclass

from lsp_agent.agent.forms.annotations import BUILTIN, annotations_for
from lsp_agent.agent.forms.changes import NOTHING, Changes, Report, changes_for
from lsp_agent.agent.forms.docstring import RESULT, documentation_for
from lsp_agent.agent.forms.spec import Form
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import python_error
from lsp_agent.workspace.positions import Position
from training.docstrings import parse_docstring
from training.faults import Fault, Function, break_function

MAX_QUESTION = 2600
_TYPE = re.compile(r"[\w.\[\], |]+")


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its answer; ``partial`` answers have no known end.

    ``want`` is the file's sound text, ``kind`` what was done to it.
    """

    form: Form
    answer: str
    kind: str
    want: str
    partial: bool = False


@dataclass(frozen=True)
class File:
    """A file with its functions."""

    text: str
    lines: tuple[str, ...]
    functions: tuple[Function, ...]
    classes: tuple[ast.ClassDef, ...]


def read_file(text: str) -> File | None:
    """Parse a file; ``None`` for one that does not suit: tree columns must be characters."""
    if not text.isascii():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    lines = tuple(text.split("\n"))
    functions, classes = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            classes.append(node)
        methods = node.body if isinstance(node, ast.ClassDef) else []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                plain = not child.decorator_list
                functions.append(Function(lines, child, child in methods and plain))
    return File(text, lines, tuple(functions), tuple(classes))


def _size(function: Function) -> int:
    return function.last - function.tree.lineno + 2


def fix_example(rng: random.Random, file: File, function: Function) -> Example | None:
    """Break a function, or leave it sound and report nothing (or what is no longer true)."""
    if not 3 <= _size(function) <= 48:
        return None
    draw = rng.random()
    if draw < 0.22:
        return clean_example(rng, file, function, stale=draw < 0.05)
    fault = break_function(rng, function)
    return fault_example(rng, file, fault) if fault else None


def fault_example(rng: random.Random, file: File, fault: Fault) -> Example | None:
    """Make the example of a fault; ``None`` for a syntax fault that no parser sees."""
    lines = list(file.lines)
    lines[fault.line] = fault.text
    broken = SyntaxDocument.parse("\n".join(lines), "python")
    report: Report | None = Report(fault.line, fault.message)
    if not fault.message:
        report = _syntax_report(rng, broken)
    elif python_error(broken.text) is not None:
        return None
    if report is None:
        return None
    form = changes_for(broken, [report])
    if not form.first <= fault.line <= form.last:
        return None
    answer = f"{fault.line - form.first + 1}|{file.lines[fault.line]}"
    return Example(form, answer, fault.kind, file.text)


def _syntax_report(rng: random.Random, broken: SyntaxDocument) -> Report | None:
    """Return what a parser says: CPython's in three wordings, or our own."""
    own = broken.errors(1)
    if own and rng.random() < 0.5:
        return Report(own[0].range.start.line, own[0].message)
    issue = python_error(broken.text)
    if issue is None:
        return None
    wording = rng.choice(("{}", "SyntaxError: {}", "invalid-syntax: {}"))
    return Report(issue.range.start.line, wording.format(issue.message))


def clean_example(
    rng: random.Random, file: File, function: Function, *, stale: bool
) -> Example | None:
    """Show a sound function: with no report, or with one of a name that is no longer there."""
    document = SyntaxDocument.parse(file.text, "python")
    line = rng.randrange(function.tree.lineno - 1, function.last + 1)
    form = changes_for(document, [Report(line, "")])
    if not stale:
        return Example(Changes(form.text, form.first, form.last, ()), NOTHING, "clean", file.text)
    name = "".join(rng.choice("abcdefghiklmnoprstu") for _ in range(rng.randrange(4, 9)))
    report = Report(line, f"Undefined name `{name}`")
    form = Changes(form.text, form.first, form.last, (report,))
    return Example(form, NOTHING, "stale", file.text)


def document_example(file: File, node: ast.AST) -> Example | None:
    """Take a docstring away; the answer has its parts."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return None
    raw = ast.get_docstring(node)
    size = (node.end_lineno or 0) - node.lineno + 1
    if raw is None or len(node.body) < 2 or size > 150:
        return None
    first = node.body[0]
    start, end = first.lineno - 1, first.end_lineno or first.lineno
    while end < len(file.lines) and not file.lines[end].strip():
        end += 1
    stripped = "\n".join([*file.lines[:start], *file.lines[end:]])
    document = SyntaxDocument.parse(stripped, "python")
    form = documentation_for(document, Position(node.lineno - 1, node.col_offset))
    if form is None or len(form.question()) > MAX_QUESTION:
        return None
    parsed = parse_docstring(raw)
    if not parsed.summary:
        return None
    wanted = [name.lstrip("*") for name in form.parameters]
    rows = [parsed.summary]
    said = all(name in parsed.parameters for name in wanted)
    if said and (parsed.result or not form.result):
        rows += [f"{name}: {parsed.parameters[name]}" for name in wanted]
        rows += [f"{RESULT}: {parsed.result}"] if form.result else []
        return Example(form, "\n".join(rows), "document", file.text)
    if said and wanted:
        rows += [f"{name}: {parsed.parameters[name]}" for name in wanted]
    return Example(form, "\n".join(rows) + "\n", "summary", file.text, partial=True)


def annotate_example(file: File, function: Function) -> Example | None:
    """Take the hints of a function away; the answer has them by name."""
    tree = function.tree
    if (
        tree.end_lineno is None
        or not 2 <= _size(function) <= 60
        or tree.lineno == tree.body[0].lineno
    ):
        return None
    hints: dict[str, str] = {}
    text, offset = file.text, _offsets(file.lines)
    cuts: list[tuple[int, int]] = []
    args = [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]
    args += [one for one in (tree.args.vararg, tree.args.kwarg) if one]
    for arg in args:
        if arg.annotation is None:
            if arg.arg not in ("self", "cls"):
                return None
            continue
        hints[arg.arg] = ast.unparse(arg.annotation)
        start = offset[arg.lineno - 1] + arg.col_offset + len(arg.arg)
        cuts.append((start, offset[arg.annotation.end_lineno - 1] + arg.annotation.end_col_offset))
    if tree.returns is None:
        return None
    hints["return"] = ast.unparse(tree.returns)
    end = offset[tree.returns.end_lineno - 1] + tree.returns.end_col_offset
    arrow = text.rfind("->", 0, offset[tree.returns.lineno - 1] + tree.returns.col_offset)
    cuts.append((len(text[:arrow].rstrip()), end))
    for start, stop in sorted(cuts, reverse=True):
        text = text[:start] + text[stop:]
    document = SyntaxDocument.parse(text, "python")
    form = annotations_for(document, Position(tree.lineno - 1, tree.col_offset))
    if form is None or len(form.question()) > MAX_QUESTION:
        return None
    asked = [*(one.name for one in form.missing), "return"]
    known = {*BUILTIN, *form.known}
    rows = []
    for name in asked:
        hint = hints.get(name, "").strip("'\"")
        used = set(re.findall(r"[A-Za-z_][\w.]*", hint))
        if not hint or not _TYPE.fullmatch(hint) or not used <= known:
            return None
        rows.append(f"{name}: {hint}")
    return Example(form, "\n".join(rows), "annotate", file.text)


def _offsets(lines: tuple[str, ...]) -> list[int]:
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line) + 1)
    return found
