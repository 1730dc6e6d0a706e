"""Damage to the rest of a call, and to the form of the answer."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace

from benchmarks.corruptions.answers import (
    CALLS,
    JSON_CALLS,
    SPACIOUS,
    Edit,
    Text,
    call_json,
    element,
    plain,
    search_replace,
    unified,
    whole_file,
)
from benchmarks.corruptions.cases import PROSE, Case, case, said
from benchmarks.corruptions.context import elision, far_line
from benchmarks.corruptions.workspace import FILES, comment

PATHS: tuple[Callable[[str], str], ...] = (
    lambda path: f"./{path}", lambda path: f"/{path}", lambda path: f"project/{path}",
    lambda path: f"a/{path}", lambda path: path.replace("/", "\\"), lambda path: f"`{path}`",
)  # fmt: skip


def other_spelling(rng: random.Random, edit: Edit) -> Case | None:
    damaged = replace(edit, path=rng.choice(PATHS)(edit.path))
    return said(rng, "path spelled otherwise", damaged, True)


def wrong_folder(rng: random.Random, edit: Edit) -> Case | None:
    name = edit.path.rpartition("/")[2]
    path = rng.choice((f"src/{name}", f"lib/app/{name}", edit.path.replace(name, f"my_{name}")))
    return said(rng, "made-up path", replace(edit, path=path), False)


def wrong_folder_whole(rng: random.Random, edit: Edit) -> Case | None:
    name = edit.path.rpartition("/")[2]
    arguments = {"path": f"app/{name}", "content": plain(edit.change.after)}
    form = rng.choice(tuple(CALLS))
    answer = CALLS[form]("write_file", arguments)
    return case("made-up path of a whole file", form, (answer,), False, edit)


def other_names(rng: random.Random, edit: Edit) -> Case | None:
    name = rng.choice(
        ("editFile", "EditFile", "edit-file", "functions.edit_file", "str_replace",
         "replace_in_file", "edit", "Edit", "search_replace", "str_replace_editor")
    )  # fmt: skip
    keys = rng.choice(
        (("path", "old_string", "new_string"), ("file_path", "old_string", "new_string"),
         ("path", "old_str", "new_str"), ("filename", "search", "replace"),
         ("path", "oldText", "newText"), ("file", "old", "new"))
    )  # fmt: skip
    arguments = dict(zip(keys, edit.arguments().values(), strict=True))
    form = rng.choice(tuple(CALLS))
    return case("other names", form, (CALLS[form](name, arguments),), True, edit)


def unknown_tool(rng: random.Random, edit: Edit) -> Case | None:
    name = rng.choice(("frobnicate", "think", "apply_everything", "shell"))
    form = rng.choice(tuple(CALLS))
    answer = CALLS[form](name, edit.arguments())
    return case("unknown tool", form, (answer,), False, edit)


def repeated(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(tuple(CALLS))
    answer = CALLS[form]("edit_file", edit.arguments())
    return case("repeated call", form, (answer,) * rng.randrange(2, 9), True, edit)


def stale(rng: random.Random, edit: Edit) -> Case | None:
    """Quote the file as it was before an edit of this run."""
    at = far_line(rng, edit)
    if at is None or plain(edit.change.before).count(edit.old[at]) != 1:
        return None
    line = edit.old[at]
    newer = f"{line}  {comment(edit.path, 'seen')}"
    first = {"path": edit.path, "old_string": line, "new_string": newer}
    form = rng.choice(("native", "element", "raw blocks", "functions"))
    answers = (CALLS[form]("edit_file", first), CALLS[form]("edit_file", edit.arguments()))
    after = plain(edit.change.after).replace(line, newer)
    if "\r\n" in edit.change.before:
        after = after.replace("\n", "\r\n")
    return case("stale text", form, answers, True, edit, after)


def stale_change(rng: random.Random, edit: Edit) -> Case | None:
    """Quote a line as it was that this run changed otherwise."""
    line = edit.old[edit.head]
    if line in edit.new or plain(edit.change.before).count(line) != 1:
        return None
    newer = re.sub(r"\w{3,}", lambda word: f"{word[0]}_2", line)
    if newer == line:
        return None
    first = {"path": edit.path, "old_string": line, "new_string": newer}
    form = rng.choice(("native", "element", "raw blocks", "functions"))
    answers = (CALLS[form]("edit_file", first), CALLS[form]("edit_file", edit.arguments()))
    after = plain(edit.change.before).replace(line, newer)
    if "\r\n" in edit.change.before:
        after = after.replace("\n", "\r\n")
    # The first edit is right, and all that may come of it.
    return case("stale change", form, answers, False, edit, after)


def truncated(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(JSON_CALLS)
    text = CALLS[form]("edit_file", edit.arguments())
    assert isinstance(text, str)
    whole = call_json("edit_file", edit.arguments())
    body = json.dumps(edit.arguments(), ensure_ascii=False) if form == "action" else whole
    end = text.rindex(body) + len(body.rstrip("}"))
    if rng.random() < 0.5:
        # Every string is whole; only what closes the objects is gone.
        return case("truncated behind its strings", form, (text[:end],), True, edit)
    at = rng.randrange(text.index("old_string"), end - 1)
    return case("truncated", form, (text[:at],), False, edit)


def python_quotes(_rng: random.Random, edit: Edit) -> Case | None:
    value = {"name": "edit_file", "arguments": edit.arguments()}
    text = f"<tool_call>\n{value!r}\n</tool_call>"
    return case("Python's quotes", "element", (text,), True, edit)


def raw_line_ends(_rng: random.Random, edit: Edit) -> Case | None:
    source = call_json("edit_file", edit.arguments()).replace("\\\\", "\0").replace("\\n", "\n")
    text = f"<tool_call>\n{source.replace(chr(0), chr(92) * 2)}\n</tool_call>"
    return case("raw line ends in JSON", "element", (text,), True, edit)


def bare_quotes(_rng: random.Random, edit: Edit) -> Case | None:
    source = call_json("edit_file", edit.arguments())
    if '\\"' not in source:
        return None
    text = f"<tool_call>\n{source.replace(chr(92) + chr(34), chr(34))}\n</tool_call>"
    return case("quotes not escaped", "element", (text,), False, edit)


def commas_and_prose(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(SPACIOUS)
    text = CALLS[form]("edit_file", edit.arguments())
    if not isinstance(text, str):
        return None
    if form in JSON_CALLS and rng.random() < 0.5:
        text = text.replace('"}', '",}')
    text = f"{rng.choice(PROSE)}\n\n{text}\n\n{rng.choice(PROSE)}"
    return case("prose around", form, (text,), True, edit)


def fence_around(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(("bare", "element", "raw blocks", "tags"))
    text = CALLS[form]("edit_file", edit.arguments())
    assert isinstance(text, str)
    info = "json" if form == "bare" else rng.choice(("xml", "", "tool_call"))
    if "```" in text:
        return None
    return case("fence around", form, (f"```{info}\n{text}\n```",), True, edit)


def fences_inside(rng: random.Random, edit: Edit) -> Case | None:
    info = rng.choice(("python", "typescript", ""))
    damaged = replace(
        edit, old=(f"```{info}", *edit.old, "```"), new=(f"```{info}", *edit.new, "```")
    )
    return said(rng, "fences inside", damaged, True, tuple(CALLS))


def mixed_formats(rng: random.Random, edit: Edit) -> Case | None:
    text = element("edit_file", edit.arguments())
    block = rng.choice((search_replace, unified))(edit, rng)
    parts = [str(text), block]
    rng.shuffle(parts)
    return case("mixed formats", "element", ("\n\n".join(parts),), True, edit)


def loose_diff(rng: random.Random, edit: Edit) -> Case | None:
    text = unified(edit, rng, rng.choice(("wrong", "none")))
    if rng.random() < 0.3:
        text = text.removeprefix("```diff\n").removesuffix("\n```")
    if rng.random() < 0.3:
        text = f"{rng.choice(PROSE)}\n\n{text}\n\n{rng.choice(PROSE)}"
    return case("wrong numbers in a diff", "unified diff", (text,), True, edit)


def cut_block(rng: random.Random, edit: Edit) -> Case | None:
    lines = search_replace(edit, rng).split("\n")
    end = next(at for at, line in enumerate(lines) if line.endswith("REPLACE"))
    first = next(at for at, line in enumerate(lines) if line.endswith("SEARCH"))
    text = "\n".join(lines[: rng.randrange(first + 1, end)])
    return case("cut-off block", "search/replace", (text,), False, edit)


def cut_diff(rng: random.Random, edit: Edit) -> Case | None:
    lines = unified(edit, rng).split("\n")
    first = next(at for at, line in enumerate(lines) if line.startswith("@@"))
    fenced_off = rng.choice((0, 1))
    text = "\n".join(lines[fenced_off : rng.randrange(first + 1, len(lines) - 1)])
    return case("cut-off diff", "unified diff", (text,), False, edit)


def cut_file(rng: random.Random, edit: Edit) -> Case | None:
    lines = whole_file(edit.path, edit.change.after, rng).split("\n")
    text = "\n".join(lines[: rng.randrange(3, len(lines) - 1)])
    return case("cut-off file", "whole file", (text,), False, edit)


def part_of_file(rng: random.Random, edit: Edit) -> Case | None:
    """Show a part of the new file, closed, where the whole one is meant by the format."""
    lines = plain(edit.change.after).split("\n")
    first = rng.choice((0, rng.randrange(1, len(lines) // 2)))
    last = rng.randrange(first + len(lines) // 3, len(lines) - (first == 0) * 2)
    text = whole_file(edit.path, "\n".join(lines[first:last]), rng)
    return case("part of a file", "whole file", (text,), False, edit)


def lazy_file(rng: random.Random, edit: Edit) -> Case | None:
    mark = elision(rng, edit)
    if mark.strip() == "...":
        mark = "# ... rest of the file unchanged ..."
    text = "\n".join([*edit.new, mark])
    arguments = {"path": edit.path, "content": text}
    form = rng.choice((*CALLS, "whole file"))
    answer: Text = (
        whole_file(edit.path, text, rng)
        if form == "whole file"
        else CALLS[form]("write_file", arguments)
    )
    return case("elided file", form, (answer,), False, edit)


def unseen_file(rng: random.Random, edit: Edit) -> Case | None:
    """Write a file from memory that the model was not shown, and lose half of it."""
    lines = edit.lines
    text = "\n".join(lines[: len(lines) // 2])
    form = rng.choice(tuple(CALLS))
    answer = CALLS[form]("write_file", {"path": edit.path, "content": text})
    found = case("unseen file", form, (answer,), False, edit)
    other = rng.choice([path for path in FILES if path != edit.path])
    return replace(found, focus=other)
