"""Logic: code that runs and is wrong."""

from __future__ import annotations

import ast
import random
import re

from training.faults.spec import Fault, Function, fault, pick, replaced, source

_COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_BINARY = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "/"}
_OPERATOR = re.compile(r" (<=|>=|==|!=|<|>|\+|-|\*|//|/|%|and|or|is not|is|not in|in|\+=|-=) ")
_SWAPPED = {
    **_COMPARE, **_BINARY, "and": "or", "or": "and", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in", "+=": "-=", "-=": "+=",
}  # fmt: skip  # fmt: skip


@fault("wrong operator")
def wrong_operator(rng: random.Random, function: Function) -> Fault | None:
    """Put another operator in the place of one."""
    places = []
    for node in function.nodes(ast.Compare, ast.BinOp, ast.BoolOp, ast.AugAssign):
        line = function.lines[node.lineno - 1]
        for match in _OPERATOR.finditer(line, node.col_offset, node.end_col_offset):
            places.append((node.lineno - 1, match))
    place = pick(rng, places)
    if place is None or ("for " in function.lines[place[0]] and place[1][1] in ("in", "not in")):
        return None
    number, match = place
    line = function.lines[number]
    if "'" in line[: match.start()] or '"' in line[: match.start()]:
        return None
    new = _SWAPPED[match[1]]
    text = f"{line[: match.start(1)]}{new}{line[match.end(1) :]}"
    message = rng.choice(
        (
            f"The operator `{new}` looks wrong here",
            f"Wrong operator `{new}`",
            f"Suspicious operator `{new}`",
            f"This should probably not be `{new}`",
        )
    )
    return Fault("wrong operator", number, text, message)


@fault("comparison with None")
def comparison_with_none(rng: random.Random, function: Function) -> Fault | None:
    """Compare with None by ``==``."""
    number = pick(
        rng, [n for n in function.code if re.search(r" is (not )?None\b", function.lines[n])]
    )
    if number is None:
        return None
    line = function.lines[number]
    if " is not None" in line:
        text = line.replace(" is not None", " != None", 1)
        condition = "is not"
    else:
        text = line.replace(" is None", " == None", 1)
        condition = "is"
    message = rng.choice(
        (
            f"Comparison to `None` should be `cond {condition} None`",
            f"Comparison to None should be 'expr {condition} None'",
            f"comparison to None should be 'if cond {condition} None:'",
        )
    )
    return Fault("comparison with None", number, text, message)


@fault("membership test")
def membership(rng: random.Random, function: Function) -> Fault | None:
    """Write ``not x in y``."""
    places = []
    for number in function.code:
        match = re.search(r"\b([\w.]+) not in ", function.lines[number])
        if match and "not " + match[1] not in function.lines[number]:
            places.append((number, match))
    place = pick(rng, places)
    if place is None:
        return None
    number, match = place
    line = function.lines[number]
    text = f"{line[: match.start()]}not {match[1]} in {line[match.end() :]}"
    message = rng.choice(
        ("Test for membership should be `not in`", "Test for membership should be 'not in'")
    )
    return Fault("membership test", number, text, message)


@fault("off by one")
def off_by_one(rng: random.Random, function: Function) -> Fault | None:
    """Shift a bound or an index by one."""
    places = []
    for number in function.code:
        line = function.lines[number]
        for match in re.finditer(r"\brange\((?:len\([\w.]+\)|[\w.]+)\)", line):
            sign = rng.choice(("+", "-"))
            places.append((number, match.end() - 1, match.end() - 1, f" {sign} 1"))
        for match in re.finditer(r"(?<=[\w)\]])\[(\d)\]", line):
            digit = int(match[1])
            places.append((number, match.start(1), match.end(1), str(digit + 1)))
        for match in re.finditer(r"\[(\d):|:(\d)\]", line):
            group = 1 if match[1] else 2
            places.append(
                (number, match.start(group), match.end(group), str(int(match[group]) + 1))
            )
        for match in re.finditer(r" [-+] 1\b", line):
            places.append((number, match.start(), match.end(), ""))
    place = pick(rng, places)
    if place is None:
        return None
    number, start, end, new = place
    line = function.lines[number]
    message = rng.choice(
        (
            "Possible off-by-one error",
            "Off by one",
            "This looks off by one",
            "IndexError: list index out of range",
        )
    )
    return Fault("off by one", number, line[:start] + new + line[end:], message)


@fault("missing return")
def missing_return(rng: random.Random, function: Function) -> Fault | None:
    """Drop the word ``return``."""
    nodes = [
        n
        for n in function.nodes(ast.Return)
        if n.value is not None and not isinstance(n.value, (ast.Constant, ast.Yield))
    ]
    node = pick(rng, nodes)
    if node is None:
        return None
    line = function.lines[node.lineno - 1]
    text = line[: node.col_offset] + line[node.value.col_offset :]
    message = rng.choice(
        (
            "Expression value is unused",
            "Found useless expression. Either assign it to a variable or remove it.",
            "Missing return statement",
            "Function with declared return type must return value",
            "Statement seems to have no effect",
        )
    )
    return Fault("missing return", node.lineno - 1, text, message)


@fault("missing await")
def missing_await(rng: random.Random, function: Function) -> Fault | None:
    """Drop ``await``."""
    node = pick(rng, function.nodes(ast.Await))
    if node is None:
        return None
    text = replaced(function, node, source(function, node.value))
    return Fault(
        "missing await",
        node.lineno - 1,
        text,
        rng.choice(
            (
                "Coroutine is never awaited",
                (
                    "Result of async function call is not used; "
                    'use "await" or assign result to variable'
                ),
                "RuntimeWarning: coroutine was never awaited",
            )
        ),
    )
