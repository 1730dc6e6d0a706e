"""Habits that linters warn of: mutable defaults, bare excepts, a string without its f."""

from __future__ import annotations

import ast
import random
import re

from training.faults.spec import Fault, Function, fault, pick, replaced, source


@fault("mutable default")
def mutable_default(rng: random.Random, function: Function) -> Fault | None:
    """Make a default of None a list or a dict."""
    header = function.header()
    number = pick(
        rng, [n for n in header if "=None" in function.lines[n] or "= None" in function.lines[n]]
    )
    if number is None:
        return None
    new = rng.choice(("[]", "{}", "[]", "set()", "dict()", "list()"))
    text = re.sub(
        r"= ?None\b", lambda match: match[0].replace("None", new), function.lines[number], count=1
    )
    message = rng.choice(
        (
            "Do not use mutable data structures for argument defaults",
            f"Dangerous default value {new} as argument",
            "Mutable default argument",
            f"Mutable default value `{new}`",
        )
    )
    return Fault("mutable default", number, text, message)


@fault("bare except")
def bare_except(rng: random.Random, function: Function) -> Fault | None:
    """Drop the class of an except clause."""
    number = pick(
        rng, [n for n in function.code if re.search(r"except Exception:", function.lines[n])]
    )
    if number is None:
        return None
    text = function.lines[number].replace("except Exception:", "except:", 1)
    return Fault(
        "bare except",
        number,
        text,
        rng.choice(
            (
                "Do not use bare `except`",
                "do not use bare 'except'",
                "No exception type(s) specified",
            )
        ),
    )


@fault("missing f prefix")
def missing_f(rng: random.Random, function: Function) -> Fault | None:
    """Drop the ``f`` of a formatted string."""
    nodes = [
        n
        for n in function.nodes(ast.JoinedStr)
        if source(function, n).startswith(("f'", 'f"')) and "{" in source(function, n)
    ]
    node = pick(rng, nodes)
    if node is None:
        return None
    text = replaced(function, node, source(function, node)[1:])
    return Fault(
        "missing f prefix",
        node.lineno - 1,
        text,
        rng.choice(
            (
                "Possible f-string without an `f` prefix",
                "missing f prefix: the placeholders are not filled in",
            )
        ),
    )
