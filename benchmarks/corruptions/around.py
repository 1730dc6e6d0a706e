"""Damage to one of the two texts alone, and to what stands around them in an answer."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from benchmarks.corruptions.answers import (
    CALLS,
    JSON_CALLS,
    Edit,
    call_json,
    element,
    search_replace,
    unified,
)
from benchmarks.corruptions.cases import PROSE, Case, case, indent, said, stands_once
from lsp_agent.engine.types import ToolCall


def line_end_of_one(rng: random.Random, edit: Edit) -> Case | None:
    """End the old text with a line end, and the new one without."""
    if not edit.old[-1].strip() or not edit.new[-1].strip():
        return None
    damaged = replace(edit, old=(*edit.old, ""))
    return said(rng, "line end of one text", damaged, True, tuple(CALLS))


def indentation_of_one(rng: random.Random, edit: Edit) -> Case | None:
    """Take the indentation from the old text, and leave the new one its own."""
    common = min(indent(line) for line in edit.old if line.strip())
    if common == 0 or len(edit.old) < 2:
        return None
    damaged = replace(edit, old=tuple(line[common:] for line in edit.old))
    return said(rng, "indentation of one text", damaged, stands_once(damaged, str.strip))


def fence_around_one(rng: random.Random, edit: Edit) -> Case | None:
    if edit.path.endswith(".md"):
        return None
    damaged = replace(edit, new=("```", *edit.new, "```"))
    return said(rng, "fence around one text", damaged, True)


def diff_marks(rng: random.Random, edit: Edit) -> Case | None:
    damaged = replace(
        edit,
        old=tuple(f"-{line}" for line in edit.old),
        new=tuple(f"+{line}" for line in edit.new),
    )
    return said(rng, "a diff's marks", damaged, True)


def spaces_within(rng: random.Random, edit: Edit) -> Case | None:
    """Write the old lines without the blanks around their signs."""

    def write(line: str) -> str:
        return line[: indent(line)] + re.sub(r" ?([=+*/<>-]) ?", r"\1", line.lstrip())

    damaged = replace(edit, old=tuple(map(write, edit.old)))
    if damaged.old == edit.old:
        return None
    alone = stands_once(edit, lambda line: re.sub(r"\s", "", line))
    return said(rng, "blanks within lines", damaged, alone)


def loose_json(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(JSON_CALLS)
    text = str(CALLS[form]("edit_file", edit.arguments()))
    keys = ("name", "arguments", "path", "old_string", "new_string", "tool_calls")
    key = re.compile(rf'"({"|".join(keys)})": ')
    sign = rng.choice(("\\1: ", "\u201c\\1\u201d: ", "'\\1': "))
    if len(key.findall(text)) > len(keys):
        return None
    text = key.sub(sign, text)
    if rng.random() < 0.3:
        text = text.replace("{", "{ // the call\n", 1)
    return case("loose JSON", form, (text,), True, edit)


def python_and_prose(rng: random.Random, edit: Edit) -> Case | None:
    if "\\" in "".join((*edit.old, *edit.new)):
        return None
    arguments = repr(edit.arguments())
    if rng.random() < 0.5:
        return case("Python's quotes", "native", ((ToolCall("c0", "edit_file", {"": arguments}),),),
                    True, edit)  # fmt: skip
    text = f"Action: edit_file\nAction Input: {arguments}\n{rng.choice(PROSE)}"
    return case("Python's quotes", "action", (text,), True, edit)


def other_tags(rng: random.Random, edit: Edit) -> Case | None:
    opening, closing = rng.choice(
        (
            ('<tool_call id="1">', "</tool_call>"),
            ("<TOOL_CALL>", "</TOOL_CALL>"),
            ("<|tool_call|>", "<|/tool_call|>"),
            ("<tool_call >", "</ tool_call>"),
        )
    )
    text = f"{opening}\n{call_json('edit_file', edit.arguments())}\n{closing}"
    return case("other tags", "element", (text,), True, edit)


def said_twice(rng: random.Random, edit: Edit) -> Case | None:
    """Say the same in one answer again."""
    form = rng.choice(("search/replace", "element"))
    if form == "element":
        text = str(element("edit_file", edit.arguments()))
    else:
        text = search_replace(edit, rng)
    return case("said twice", form, ("\n\n".join([text] * rng.randrange(2, 4)),), True, edit)


def cut_in_a_header(rng: random.Random, edit: Edit) -> Case | None:
    """Cut a diff of two hunks off within the second one's header."""
    text = unified(edit, rng).removesuffix("```") + rng.choice(("@", "@@", "@@ -9"))
    return case("cut in a header", "unified diff", (text,), False, edit)
