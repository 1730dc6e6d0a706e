"""Times a function on given cases, inside the sandbox: ``python -c SOURCE BASE MODULE``.

What is run stands on stdin: ``CASES``, a list of tuples, and ``call``, which takes one. The last
line of the output is what was found, as JSON. It imports the standard library only, for it runs in
the project's own Python, of any version from 3.8 on.
"""

import copy
import importlib
import json
import os
import sys
import time
from typing import Any, List, Tuple  # noqa: UP035

MARK = "lsp-agent timed: "
_ROUND_SECONDS, _ROUNDS, _MOST_CALLS, _MAX_SHOWN = 0.02, 5, 100_000, 100_000


def main(base: str, module: str, source: str) -> None:
    """Print the results of all cases, and the seconds that one pass over them takes at best."""
    sys.path.insert(0, os.path.abspath(base))  # noqa: PTH100
    known = dict(vars(importlib.import_module(module)), __name__="timed")
    exec(compile(source, "benchmark", "exec"), known)  # noqa: S102 - what the sandbox is for
    cases: List[Any] = list(known["CASES"])  # noqa: UP006
    first, _ = _pass(known["call"], cases)
    again, seconds = _pass(known["call"], cases)
    passes = max(1, min(int(_ROUND_SECONDS / max(seconds, 1e-7)), _MOST_CALLS))
    best = min(
        sum(_pass(known["call"], cases, shown=False)[1] for _ in range(passes)) / passes
        for _ in range(_ROUNDS)
    )
    found = {
        "cases": len(cases),
        "raised": sum(one.startswith("raises ") for one in first),
        "steady": first == again,
        "results": first,
        "seconds": best,
    }
    sys.stdout.write("\n" + MARK + json.dumps(found) + "\n")


def _pass(call: Any, cases: List[Any], shown: bool = True) -> Tuple[List[str], float]:  # noqa: UP006
    """Call once for each case, on copies; return what came of it and the seconds of the calls."""
    results, inputs = [], copy.deepcopy(cases)
    seconds = 0.0
    for case in inputs:
        began = time.perf_counter()
        try:
            value = call(*case)
            if hasattr(value, "__next__"):
                value = list(value)
            seconds += time.perf_counter() - began
            said = repr((value, case))[:_MAX_SHOWN] if shown else ""
        except Exception as error:  # noqa: BLE001 - any error may be the result
            seconds += time.perf_counter() - began
            said = "raises " + repr(error)[:_MAX_SHOWN]
        results.append(said)
    return results, seconds


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.stdin.read())
