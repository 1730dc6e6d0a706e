"""Names: misspelt ones, a forgotten ``self``, arguments in the wrong order."""

from __future__ import annotations

import ast
import keyword
import random
import re

from training.faults.spec import Fault, Function, fault, pick, replaced, source, typo


def _undefined(rng: random.Random, name: str, right: str = "") -> str:
    hint = f". Did you mean: '{right}'?" if right and rng.random() < 0.5 else ""
    return rng.choice(
        (
            f"Undefined name `{name}`",
            f'"{name}" is not defined',
            f"undefined name '{name}'",
            f'Name "{name}" is not defined',
            f"Undefined variable '{name}'",
            f"NameError: name '{name}' is not defined{hint}",
            f"NameError: name '{name}' is not defined{hint}",
        )
    )


@fault("misspelt name")
def misspelt_name(rng: random.Random, function: Function) -> Fault | None:
    """Misspell a name where it is read."""
    names = [node for node in function.nodes(ast.Name) if isinstance(node.ctx, ast.Load)]
    node = pick(rng, [one for one in names if len(one.id) > 3])
    if node is None:
        return None
    wrong = typo(rng, node.id)
    if wrong == node.id or keyword.iskeyword(wrong) or not wrong.isidentifier():
        return None
    if re.search(rf"\b{wrong}\b", "\n".join(function.lines)):
        return None
    text = replaced(function, node, wrong)
    return Fault("misspelt name", node.lineno - 1, text, _undefined(rng, wrong, node.id))


@fault("misspelt attribute")
def misspelt_attribute(rng: random.Random, function: Function) -> Fault | None:
    """Misspell an attribute of self that the file has elsewhere."""
    nodes = [
        node
        for node in function.nodes(ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "self" and len(node.attr) > 3
    ]
    text_of_file = "\n".join(function.lines)
    node = pick(rng, [one for one in nodes if text_of_file.count(f"self.{one.attr}") > 1])
    if node is None:
        return None
    wrong = typo(rng, node.attr)
    if wrong == node.attr or not wrong.isidentifier() or f".{wrong}" in text_of_file:
        return None
    owner = rng.choice(("Shop", "Node", "Client", "Parser", "Self", "Config"))
    message = rng.choice(
        (
            f'Cannot access attribute "{wrong}" for class "{owner}*"',
            f"AttributeError: '{owner}' object has no attribute '{wrong}'",
            f"Instance of '{owner}' has no '{wrong}' member: unknown attribute",
            f'"{owner}" has no attribute "{wrong}"',
        )
    )
    text = replaced(function, node, f"self.{wrong}")
    return Fault("misspelt attribute", node.lineno - 1, text, message)


@fault("missing self.")
def missing_self_dot(rng: random.Random, function: Function) -> Fault | None:
    """Drop ``self.`` in front of an attribute."""
    taken = {node.id for node in ast.walk(function.tree) if isinstance(node, ast.Name)}
    taken |= {arg.arg for arg in ast.walk(function.tree.args) if isinstance(arg, ast.arg)}
    nodes = [
        node
        for node in function.nodes(ast.Attribute)
        if isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.attr not in taken
        and isinstance(node.ctx, ast.Load)
    ]
    node = pick(rng, nodes)
    if node is None:
        return None
    text = replaced(function, node, node.attr)
    return Fault("missing self.", node.lineno - 1, text, _undefined(rng, node.attr))


@fault("missing self")
def missing_self(rng: random.Random, function: Function) -> Fault | None:
    """Drop the first parameter of a method."""
    args = function.tree.args
    if not function.method or not args.args or args.args[0].arg != "self":
        return None
    line = function.lines[function.tree.lineno - 1]
    text = re.sub(r"\(self(?:, )?", "(", line, count=1)
    if text == line:
        return None
    name, count = function.tree.name, len(args.args) - 1
    message = rng.choice(
        (
            "First argument of a method should be named `self`",
            'Instance methods should take a "self" parameter',
            'Method should have "self" as first argument',
            "Method has no argument",
            f"TypeError: {name}() takes {count} positional arguments but {count + 1} were given",
        )
    )
    return Fault("missing self", function.tree.lineno - 1, text, message)


@fault("swapped arguments")
def swapped_arguments(rng: random.Random, function: Function) -> Fault | None:
    """Swap the first two arguments of a call."""
    calls = [
        node
        for node in function.nodes(ast.Call)
        if len(node.args) >= 2
        and not any(isinstance(arg, ast.Starred) for arg in node.args[:2])
        and source(function, node.args[0]) != source(function, node.args[1])
        and max(len(source(function, arg)) for arg in node.args[:2]) < 30
    ]
    node = pick(rng, calls)
    if node is None:
        return None
    first, second = node.args[:2]
    line = function.lines[node.lineno - 1]
    text = (
        line[: first.col_offset]
        + source(function, second)
        + line[first.end_col_offset : second.col_offset]
        + source(function, first)
        + line[second.end_col_offset :]
    )
    name = source(function, node.func).rpartition(".")[2]
    message = rng.choice(
        (
            "Positional arguments appear to be out of order",
            f"Arguments of `{name}` are in the wrong order",
            f"The arguments of {name}() look swapped",
            "arguments-out-of-order",
        )
    )
    return Fault("swapped arguments", node.lineno - 1, text, message)
