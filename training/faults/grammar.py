"""Syntax: what no parser lets through; the parsers word it themselves."""

from __future__ import annotations

import ast
import keyword
import random
import re

from training.faults.spec import Fault, Function, fault, pick, replaced, source, typo


@fault("missing colon")
def missing_colon(rng: random.Random, function: Function) -> Fault | None:
    """Drop the colon at the end of a compound statement's head."""
    heads = [n for n in function.code if function.lines[n].rstrip().endswith(":")]
    heads = [
        n
        for n in heads
        if re.match(
            r"\s*(if|elif|else|for|while|def|with|try|except|finally|"
            r"async|class|case|match)\b",
            function.lines[n],
        )
    ]
    number = pick(rng, heads)
    if number is None:
        return None
    return Fault("missing colon", number, function.lines[number].rstrip()[:-1], "")


@fault("missing bracket")
def missing_bracket(rng: random.Random, function: Function) -> Fault | None:
    """Drop a closing bracket, or double one."""
    number = pick(rng, [n for n in function.code if re.search(r"[)\]}]", function.lines[n])])
    if number is None:
        return None
    line = function.lines[number]
    at = pick(rng, [match.start() for match in re.finditer(r"[)\]}]", line)])
    text = line[:at] + (line[at] * 2 if rng.random() < 0.2 else "") + line[at + 1 :]
    return Fault("missing bracket", number, text, "")


@fault("missing quote")
def missing_quote(rng: random.Random, function: Function) -> Fault | None:
    """Leave a string open."""
    nodes = [n for n in function.nodes(ast.Constant) if isinstance(n.value, str)]
    nodes = [n for n in nodes if re.fullmatch(r"(['\"])[^'\"\\]+\1", source(function, n))]
    node = pick(rng, nodes)
    if node is None:
        return None
    text = replaced(function, node, source(function, node)[:-1])
    return Fault("missing quote", node.lineno - 1, text, "")


@fault("misspelt keyword")
def misspelt_keyword(rng: random.Random, function: Function) -> Fault | None:
    """Misspell a keyword at the start of a line."""
    heads = []
    for number in function.code:
        match = re.match(
            r"\s*(return|raise|while|elif|else|for|with|yield|import|from|except|def)\b",
            function.lines[number],
        )
        if match:
            heads.append((number, match))
    head = pick(rng, heads)
    if head is None:
        return None
    number, match = head
    wrong = typo(rng, match[1])
    if wrong == match[1] or keyword.iskeyword(wrong):
        return None
    line = function.lines[number]
    return Fault(
        "misspelt keyword", number, line[: match.start(1)] + wrong + line[match.end(1) :], ""
    )


@fault("missing comma")
def missing_comma(rng: random.Random, function: Function) -> Fault | None:
    """Drop a comma between two arguments."""
    places = []
    for node in function.nodes(ast.Call, ast.Tuple, ast.List):
        line = function.lines[node.lineno - 1]
        for match in re.finditer(r", ", line[node.col_offset : node.end_col_offset]):
            places.append((node.lineno - 1, node.col_offset + match.start()))
    place = pick(rng, places)
    if place is None:
        return None
    line = function.lines[place[0]]
    return Fault("missing comma", place[0], line[: place[1]] + line[place[1] + 1 :], "")


@fault("assignment in condition")
def assignment(rng: random.Random, function: Function) -> Fault | None:
    """Write ``=`` for ``==``."""
    numbers = [
        n for n in function.code if re.match(r"\s*(if|elif|while) [^'\"]* == ", function.lines[n])
    ]
    number = pick(rng, numbers)
    if number is None:
        return None
    return Fault(
        "assignment in condition", number, function.lines[number].replace(" == ", " = ", 1), ""
    )


@fault("wrong indentation")
def wrong_indentation(rng: random.Random, function: Function) -> Fault | None:
    """Move the first line of a block by some columns."""
    numbers = [
        n + 1
        for n in function.code
        if function.lines[n].rstrip().endswith(":")
        and n + 1 <= function.last
        and n + 1 < len(function.lines)
        and function.lines[n + 1].startswith("    ")
    ]
    number = pick(rng, numbers)
    if number is None:
        return None
    line = function.lines[number]
    text = line[4:] if rng.random() < 0.7 else " " + line
    return Fault("wrong indentation", number, text, "")
