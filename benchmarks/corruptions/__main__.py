"""A model that garbles its answers: what lands, what is refused, and nothing else.

    python -m benchmarks.corruptions --rounds 10000 --seed 0 [--only NAME] [--show 20]
    python -m benchmarks.corruptions --server --rounds 200

Each round takes a right edit of a small workspace in ten languages, writes it as models do (calls
in eight spellings, blocks, diffs, whole files), damages it in one of 45 ways and lets a run take
it. By its construction each damage leaves the right edit to be told or not. The model says it once
and gives up: what lands, lands without a second try. With ``--server`` an editor asks the real
server for each run, over stdio, and a scripted endpoint is the model.

Status 1 where a run fails inside, where less than 97 % of what can be told lands exactly, or where
anything but the right edit is ever offered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corruptions.cases import Case
from benchmarks.corruptions.damage import DAMAGES
from benchmarks.corruptions.run import Bench, Outcome, draw, folder_for_runs

LANDS = 0.97


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a damage's function")
    parser.add_argument("--show", type=int, default=0, help="failures to print")
    parser.add_argument("--server", action="store_true", help="through a real server")
    options = parser.parse_args()
    damages = [one for one in DAMAGES if options.only in ("", one.__name__)]
    rows: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    shown = 0
    began = time.perf_counter()
    numbers = range(options.rounds)
    cases = (draw(random.Random(f"{options.seed}/{number}"), damages) for number in numbers)
    with folder_for_runs() as folder:
        for number, (case, outcome) in enumerate(carried_out(Path(folder), cases, options.server)):
            rows[case.name, case.recoverable][outcome.end] += 1
            amiss = outcome.end in ("wrong", "broken")
            if (amiss or (case.recoverable and outcome.end != "landed")) and shown < options.show:
                shown += 1
                print(f"--- {number} {case.name} ({case.form}): {outcome.end}, {outcome.status}")
                print(*case.answers, sep="\n~~\n")
                print(f"=> {outcome.detail}\n")
    return report(rows, options.rounds, time.perf_counter() - began)


def carried_out(
    folder: Path, cases: Iterator[Case], server: bool
) -> Iterator[tuple[Case, Outcome]]:
    if not server:
        bench = Bench(folder)
        yield from ((case, bench.run(case)) for case in cases)
        return
    from benchmarks.corruptions.server import run_through_server

    os.environ["LSP_AGENT_HOME"] = str(folder / "state")
    os.environ["LSP_AGENT_LANGUAGE_SERVERS_ENABLED"] = "false"
    drawn = list(cases)
    ends = asyncio.run(run_through_server(folder / "shop", drawn))
    yield from (
        (case, Outcome(end, status, "")) for case, (end, status) in zip(drawn, ends, strict=True)
    )


def report(rows: dict[tuple[str, bool], Counter[str]], rounds: int, seconds: float) -> int:
    total: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    print(f"{'damage':34} {'to be told':>10} {'landed':>7} {'nothing':>8} {'wrong':>6}")
    for (name, recoverable), ends in sorted(rows.items()):
        total[recoverable] += ends
        wrong = ends["wrong"] + ends["broken"]
        told = "yes" if recoverable else "no"
        print(f"{name:34} {told:>10} {ends['landed']:7} {ends['nothing']:8} {wrong:6}")
    share = total[True]["landed"] / total[True].total() if total[True] else 1.0
    wrong = sum(ends["wrong"] for ends in total.values())
    broken = sum(ends["broken"] for ends in total.values())
    print(
        f"{rounds:,} rounds in {seconds:.0f} s: {share:.2%} of {total[True].total():,} that can be "
        f"told landed exactly; of {total[False].total():,} others {total[False]['landed']:,} did; "
        f"{wrong} wrong, {broken} failed inside"
    )
    good = share >= LANDS and not wrong and not broken
    print("PASS" if good else "FAIL")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
