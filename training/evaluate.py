"""The evaluation on held-out packages: the product's own code, the model as it ships.

Completion, *fix*, *document* and *annotate* go through the same functions as an editor's request:
prompts, grammar, checks and retries are the product's. Everything is greedy but for retries, whose
seeds are fixed, so a run repeats exactly on one machine.
"""

from __future__ import annotations

import ast
import builtins
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_agent.agent.completion import complete
from lsp_agent.agent.environment import RunEnvironment
from lsp_agent.agent.forms.docstring import Documentation
from lsp_agent.agent.loop import run_agent
from lsp_agent.agent.types import DiagnosticNote, Focus, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings, Settings
from lsp_agent.context.similar import best_match, rest_of_line
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.events import EventStream
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from training import corpus, fim, tasks
from training.tasks import Example


@dataclass
class Score:
    """Hits of tries, and the tries by kind."""

    hits: int = 0
    tries: int = 0
    kinds: dict[str, list[int]] = field(default_factory=dict)

    def add(self, hit: bool, kind: str = "") -> None:
        """Count one try."""
        self.hits += hit
        self.tries += 1
        row = self.kinds.setdefault(kind, [0, 0])
        row[0] += hit
        row[1] += 1

    @property
    def share(self) -> float:
        """The share of hits."""
        return self.hits / max(self.tries, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        row = {"hits": self.hits, "tries": self.tries, "share": round(self.share, 4)}
        if len(self.kinds) > 1:
            row["kinds"] = {key: self.kinds[key] for key in sorted(self.kinds)}
        return row


class Bench:
    """The engine under test and a folder to work in."""

    def __init__(self, model: Path, folder: Path, threads: int | None) -> None:
        settings = LlamaSettings(model=str(model), n_threads=threads)
        self.engine = LlamaEngine("embedded", settings, model)
        self.engine.load(CancelToken())
        self._folder = folder
        self._number = 0

    def overlay(self, files: dict[str, str]) -> Overlay:
        """Write files into a folder of their own and return an overlay on it."""
        self._number += 1
        root = self._folder / str(self._number)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return Overlay(Root(root))

    def run(self, request: RunRequest, overlay: Overlay) -> RunResult:
        """Carry a request out as the product does."""
        env = RunEnvironment(
            run_id="evaluation",
            engine=self.engine,
            overlay=overlay,
            tools={},
            settings=Settings(),
            events=EventStream("evaluation"),
            ask=lambda _question: False,
        )
        return run_agent(request, env, CancelToken())


def completion_scores(
    bench: Bench, sources: list[corpus.Source], count: int, seed: int
) -> dict[str, Any]:
    """Fill in the rest of a line: exact match, and that of the longest-suffix baseline."""
    rng = random.Random(seed)
    model, baseline, by_source = Score(), Score(), Score()
    first: list[float] = []
    speed: list[float] = []
    by_package: dict[str, list[corpus.Source]] = {}
    for one in sources:
        by_package.setdefault(one.package, []).append(one)
    overlays: dict[str, Overlay] = {}
    while model.tries < count:
        package = rng.choice(sorted(by_package))
        own = rng.choice(by_package[package])
        place = fim.pick_gap(rng, own.text, "line")
        if place is None:
            continue
        start, end = place
        want = own.text[start:end].rstrip()
        if not want:
            continue
        others = [one.text for one in by_package[package] if one.digest != own.digest]
        searched = [own.text[:start][:-1], *others]
        match = best_match(own.text[:start], searched)
        guess = rest_of_line(searched[match.source], match.end) if match else ""
        baseline.add(guess == want, package)
        overlay = overlays.get(package)
        if overlay is None:
            overlay = overlays[package] = bench.overlay(
                {f"{one.digest}.py": one.text for one in by_package[package]}
            )
        path = f"{own.digest}.py"
        # The line ends at the cursor, as while typing; what stood there is to be found.
        broken = own.text[:start] + own.text[end:]
        clean = overlay.snapshot()
        overlay.write(path, broken)
        line = broken.count("\n", 0, start)
        column = start - (broken.rfind("\n", 0, start) + 1)
        done = complete(bench.engine, overlay, path, Position(line, column), CancelToken())
        overlay.restore(clean)
        # Where a line opens a block, the product offers more than the line.
        model.add(done.text.partition("\n")[0].rstrip() == want, package)
        by_source.add(done.text.partition("\n")[0].rstrip() == want, done.source)
        if done.usage.completion > 4:
            first.append(done.first_token_ms)
            spent = done.total_ms - done.first_token_ms
            speed.append((done.usage.completion - 1) / max(spent, 0.01) * 1000)
    return {
        "model": model.to_dict(),
        "baseline": baseline.to_dict(),
        "by_source": by_source.to_dict().get("kinds", {}),
        "ratio": round(model.share / max(baseline.share, 1e-9), 3),
        "first_token_ms_median": round(statistics.median(first), 1),
        "tokens_per_second_median": round(statistics.median(speed)),
    }


def functions(
    sources: list[corpus.Source], seed: int
) -> Iterator[tuple[random.Random, tasks.File, tasks.Function]]:
    """Yield functions of the held-out packages, every package alike."""
    rng = random.Random(seed)
    by_package: dict[str, list[corpus.Source]] = {}
    for one in sources:
        by_package.setdefault(one.package, []).append(one)
    while True:
        own = rng.choice(by_package[rng.choice(sorted(by_package))])
        file = tasks.read_file(own.text)
        if file is not None and file.functions:
            yield rng, file, rng.choice(file.functions)


def fix_scores(bench: Bench, sources: list[corpus.Source], count: int, seed: int) -> dict[str, Any]:
    """Repair injected faults; leave sound functions as they are."""
    fixed, clean, stale, parsed = Score(), Score(), Score(), Score()
    for rng, file, function in functions(sources, seed):
        if fixed.tries >= count and clean.tries >= count // 2:
            break
        example = tasks.fix_example(rng, file, function)
        if example is None:
            continue
        if example.kind in ("clean", "stale"):
            score = clean if example.kind == "clean" else stale
            if score.tries < count // 2:
                after, ok = _fix(bench, example)
                score.add(after == example.want, example.kind)
                parsed.add(ok)
        elif fixed.tries < count:
            after, ok = _fix(bench, example)
            fixed.add(after == example.want, example.kind)
            parsed.add(ok)
    return {
        "fixed": fixed.to_dict(),
        "clean_unbroken": clean.to_dict(),
        "stale_report_unbroken": stale.to_dict(),
        "answers_parsed": parsed.to_dict(),
    }


def _fix(bench: Bench, example: Example) -> tuple[str, bool]:
    form: Any = example.form
    before = form.text.content
    overlay = bench.overlay({"module.py": before})
    if not form.reports:
        # The product offers nothing without a report; the model is asked all the same.
        from lsp_agent.agent.prompts import prompt
        from lsp_agent.engine.types import Chat, Message, Request

        messages = (Message("system", prompt("fix")), Message("user", form.question()))
        request = Request(Chat(messages), max_tokens=256, grammar=form.grammar())
        answer = "".join(one.text for one in bench.engine.generate(request, CancelToken()))
        return form.apply(answer), True
    report = form.reports[0]
    at = Range(Position(report.line, 0), Position(report.line, 0))
    focus = Focus("module.py", at, (DiagnosticNote(at, report.message),))
    result = bench.run(
        RunRequest("fix", focus, form="changes", answer="edit", action="fix"), overlay
    )
    after = result.changes[0].after if result.changes else before
    return after or "", "NUMBER" not in result.summary


def document_scores(
    bench: Bench, sources: list[corpus.Source], count: int, seed: int
) -> dict[str, Any]:
    """Document functions with parameters: every one named, none invented, and it parses."""
    named, applied = Score(), Score()
    for _, file, function in functions(sources, seed):
        if named.tries >= count:
            break
        example = tasks.document_example(file, function.tree)
        if (
            example is None
            or not isinstance(example.form, Documentation)
            or not example.form.parameters
        ):
            continue
        form = example.form
        overlay = bench.overlay({"module.py": form.text.content})
        at = Range(form.range.start, form.range.start)
        at = _name_place(form)
        result = bench.run(
            RunRequest(
                "document",
                Focus("module.py", at),
                form="docstring",
                answer="edit",
                action="document",
            ),
            overlay,
        )
        after = result.changes[0].after if result.changes else None
        applied.add(after is not None)
        named.add(after is not None and _names_all(form, after), "")
    return {"names_all_invents_none": named.to_dict(), "passed_checks": applied.to_dict()}


def _name_place(form: Documentation) -> Range:
    line = form.range.start.line
    while "def " not in form.text.line(line):
        line += 1
    column = form.text.line(line).index("def ") + 4
    return Range(Position(line, column), Position(line, column))


_MARKED = re.compile(r"`([A-Za-z_]\w*)`")
_ENTRY = re.compile(
    r"^\s*(?:\*{0,2}([A-Za-z_]\w*): |:param ([A-Za-z_]\w*):|\*{0,2}([A-Za-z_]\w*)$)"
)


def _names_all(form: Documentation, after: str) -> bool:
    """Whether the new docstring speaks of every parameter, and of no name that is not there."""
    tree = ast.parse(after)
    line = _name_place(form).start.line + 1
    node = next(
        one
        for one in ast.walk(tree)
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.lineno == line
    )
    docstring = ast.get_docstring(node) or ""
    wanted = {name.lstrip("*") for name in form.parameters}
    said = {
        next(filter(None, match.groups()))
        for row in docstring.splitlines()[1:]
        if (match := _ENTRY.match(row))
    }
    said -= {"Parameters", "Returns", "Args"}
    known = set(re.findall(r"[A-Za-z_]\w*", form.text.content)) | set(dir(builtins))
    return said == wanted and set(_MARKED.findall(docstring)) <= known


def annotate_scores(
    bench: Bench, sources: list[corpus.Source], count: int, seed: int
) -> dict[str, Any]:
    """Restore hints: exact ones of all, and how many functions got an edit that passed."""
    exact, applied = Score(), Score()
    for _, file, function in functions(sources, seed):
        if applied.tries >= count:
            break
        example = tasks.annotate_example(file, function)
        if example is None:
            continue
        form: Any = example.form
        overlay = bench.overlay({"module.py": form.text.content})
        at = Range(form.shape.header.start, form.shape.header.start)
        result = bench.run(
            RunRequest(
                "annotate",
                Focus("module.py", at),
                form="annotations",
                answer="edit",
                action="annotate",
            ),
            overlay,
        )
        after = result.changes[0].after if result.changes else None
        applied.add(after is not None)
        got = _hints(after, function.tree.name) if after else {}
        for row in example.answer.split("\n"):
            name, _, hint = row.partition(": ")
            exact.add(got.get(name) == hint, "return" if name == "return" else "parameter")
    return {"hints_exact": exact.to_dict(), "passed_checks": applied.to_dict()}


def _hints(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            args += [one for one in (node.args.vararg, node.args.kwarg) if one]
            hints = {one.arg: ast.unparse(one.annotation) for one in args if one.annotation}
            if node.returns:
                hints["return"] = ast.unparse(node.returns)
            if len(hints) >= len(found):
                found = hints
    return found


def evaluate(
    model: Path, data: Path, count: int, seed: int, threads: int | None = None
) -> dict[str, Any]:
    """Return all scores of a model on the held-out side of a corpus."""
    sources = corpus.read(data, "held_out")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(model, Path(folder), threads)
        try:
            scores = {
                "completion": completion_scores(bench, sources, count, seed),
                "fix": fix_scores(bench, sources, count, seed + 1),
                "document": document_scores(bench, sources, count // 2, seed + 2),
                "annotate": annotate_scores(bench, sources, count // 2, seed + 3),
            }
        finally:
            bench.engine.close()
    return {**scores, "seed": seed, "minutes": round((time.monotonic() - started) / 60, 1)}
