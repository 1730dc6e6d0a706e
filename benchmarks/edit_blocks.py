"""SEARCH/REPLACE blocks, damaged as models damage them: what lands, ours beside aider's.

    python -m benchmarks.edit_blocks --aider-python PATH [--rounds 3000] [--seed 0]

The blocks are those of :mod:`benchmarks.corruptions` in aider's published format, each with the
file that it edits and whether the right edit can still be told. On each side an answer is taken
apart and its edits are made on the file, by functions alone: no run, no check of the result.
Aider's are ``find_original_update_blocks`` and ``do_replace`` of its ``EditBlockCoder``, with the
edited file as the one in the chat, which is also tried where the block names another.

Status 1 where ours lands fewer of the edits that can be told than aider, or makes more wrong ones.
Aider is taken from an environment of its own (see :mod:`benchmarks.repo_map`); without it the
comparison is left out, which is said.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corruptions.answers import plain
from benchmarks.corruptions.cases import Case
from benchmarks.corruptions.run import draw, lay_out
from benchmarks.corruptions.workspace import FILES
from lsp_agent.agent.edit_blocks import read_edits
from lsp_agent.tools.matching.ladder import find_edit
from lsp_agent.tools.recognise import recognise
from lsp_agent.tools.spec import ToolError, load_tools
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

AIDER = """
import json, sys
from aider.coders.editblock_coder import do_replace, find_original_update_blocks
fence = ("`" * 3, "`" * 3)
for line in sys.stdin:
    given = json.loads(line)
    text = made = given["before"]
    try:
        blocks = list(find_original_update_blocks(given["answer"], fence, [given["path"]]))
        for path, old, new in blocks:
            made = do_replace(given["path"], text, old, new, fence)
            if not made:
                break
            text = made
    except Exception:
        made = None
    print(json.dumps(made if made else None))
"""


def blocks(rounds: int, seed: int) -> Iterator[Case]:
    """Draw cases until enough of them are blocks."""
    found = number = 0
    while found < rounds:
        case = draw(random.Random(f"{seed}/{number}"))
        number += 1
        if case.form == "search/replace":
            found += 1
            yield case


class Ours:
    """Takes answers apart and makes their edits, in memory."""

    def __init__(self, folder: Path) -> None:
        self._overlay = Overlay(Root(folder))
        self._tools = load_tools(print)

    def make(self, case: Case) -> str | None:
        texts = {path: plain(text) for path, text in FILES.items()}
        found = read_edits(str(case.answers[0]), None, texts.get)
        if found.problems or not found.calls:
            return None
        for call in found.calls:
            _, given = recognise(self._tools, call.name, call.arguments, self._overlay)
            path = self._overlay.spelling(given["path"])
            if path != case.edit.change.path or "old_string" not in given:
                return None if path not in texts else "another file"
            try:
                edit = find_edit(texts[path], given["old_string"], given["new_string"], path)
            except ToolError:
                return None
            for match in reversed(edit.matches):
                text = texts[path]
                texts[path] = text[: match.start] + match.new + text[match.end :]
        return texts[case.edit.change.path]


def aider(python: str, cases: list[Case]) -> list[str | None]:
    rows = [
        json.dumps(
            {
                "path": case.edit.change.path,
                "before": plain(case.edit.change.before),
                "answer": case.answers[0],
            }
        )
        for case in cases
    ]
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        done = subprocess.run(
            [python, "-c", AIDER],
            input="\n".join(rows) + "\n",
            check=True,
            capture_output=True,
            text=True,
            cwd=folder,
        )
    made = [json.loads(line) for line in done.stdout.splitlines() if line[:1] in 'n"']
    assert len(made) == len(cases)
    return made


def end(case: Case, made: str | None) -> str:
    if made is None or made == plain(case.edit.change.before):
        return "nothing"
    return "landed" if made == plain(case.after) else "wrong"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--aider-python", help="an interpreter that has aider-chat")
    parser.add_argument("--rounds", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cases = list(blocks(options.rounds, options.seed))
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        ours = Ours(Path(folder))
        sides = {"ours": [ours.make(case) for case in cases]}
    if options.aider_python is None:
        print("aider is not compared: --aider-python names no interpreter that has it")
    else:
        sides["aider"] = aider(options.aider_python, cases)
    rates = {name: report(name, cases, made) for name, made in sides.items()}
    best = max(rates.values(), key=lambda one: one[0])[0]
    fewest = min(one[1] for one in rates.values())
    good = rates["ours"][0] >= best and rates["ours"][1] <= fewest
    print("PASS" if good else "FAIL")
    return 0 if good else 1


def report(name: str, cases: list[Case], made: list[str | None]) -> tuple[float, int]:
    """Print one side's rows; return the share that landed and the number of wrong edits."""
    rows: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for case, text in zip(cases, made, strict=True):
        rows[case.name, case.recoverable][end(case, text)] += 1
    print(f"{name + ': damage':34} {'to be told':>10} {'landed':>7} {'nothing':>8} {'wrong':>6}")
    for (damage, told), ends in sorted(rows.items()):
        said = "yes" if told else "no"
        landed, nothing, wrong = (ends[one] for one in ("landed", "nothing", "wrong"))
        print(f"{damage:34} {said:>10} {landed:7} {nothing:8} {wrong:6}")
    told = Counter(
        end(case, text) for case, text in zip(cases, made, strict=True) if case.recoverable
    )
    wrong = sum(ends["wrong"] for ends in rows.values())
    share = told["landed"] / max(told.total(), 1)
    print(
        f"{name}: {share:.2%} of {told.total():,} that can be told landed exactly; "
        f"{wrong:,} of {len(cases):,} wrong\n"
    )
    return share, wrong


if __name__ == "__main__":
    sys.exit(main())
