"""Every task that ships, done by a perfect model: through the server, and on the command line.

    python -m benchmarks.tasks [--way lsp|cli] [--profile auto|direct|tools] [NAME …]

The model is a scripted endpoint that knows the answers, so what fails is ours: the action, the
edit's way into the files, or the task. NAME narrows the tasks down to those whose id has it. Tasks
of actions that are not there are named and left out. Status 1 unless every other task is solved.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from lsp_agent.actions.spec import load_actions
from lsp_agent.config.model import Settings
from lsp_agent.sandbox.choose import find_sandbox
from lsp_agent.tasks.bench import Bench, Score, Way
from lsp_agent.tasks.load import load_tasks
from lsp_agent.tasks.spec import Task
from tests.support.perfect_model import PerfectModel

WAYS: Sequence[Way] = ("lsp", "cli")


def measured(way: Way, profile: str, tasks: Sequence[Task]) -> Score:
    settings = Settings()
    sandbox, _ = find_sandbox(settings.sandbox, os.environ)
    kinds = {one.name: one.kind for one in load_actions(print).values()}
    with PerfectModel() as model:
        bench = Bench(settings, kinds, sandbox, way, model.begin)
        known, missing = bench.known(tasks)
        if missing:
            print(f"left out, as there is no such action: {', '.join(missing)}")
        return bench.measure(model.contestant(profile), known)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--way", choices=WAYS, help="one way only")
    parser.add_argument("--profile", choices=("auto", "direct", "tools"), default="auto")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names or [""]
    tasks = [one for one in load_tasks("builtin") if any(name in one.id for name in names)]
    whole = True
    for way in [options.way] if options.way else WAYS:
        score = measured(way, options.profile, tasks)
        whole = whole and score.solved == len(score.results) > 0
        print(
            f"{way}: {score.solved} of {len(score.results)} solved, {score.applied} of "
            f"{score.edits} edits applied, {score.tokens} tokens, {score.seconds:.0f} s"
        )
        for one in score.results:
            if not one.solved:
                print(f"  {one.task}: {one.why}")
        for note in sorted({one.note for one in score.results if one.note}):
            print(f"  {note}")
    return int(not whole)


if __name__ == "__main__":
    raise SystemExit(main())
