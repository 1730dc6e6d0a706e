"""What models do to right answers, each with whether the right edit can still be told.

``recoverable`` is known by construction: what was lost can be had back from the file and the rest
of the answer in one way only. Damage that makes another right edit of it (a line left out of the
new text, say) is none that anybody could see, and is not among these.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
from benchmarks.corruptions.workspace import FILES, comment


@dataclass(frozen=True, slots=True)
class Case:
    """What the model says, one answer after the other, and what must come of it."""

    name: str
    form: str
    answers: tuple[Text, ...]
    recoverable: bool
    edit: Edit
    focus: str | None
    after: str
    """What the file is to be, if anything comes of it."""


Damage = Callable[[random.Random, Edit], Case | None]
PROSE = (
    "I made the change that you asked for. Let me know if you need more!",
    "The edit is minimal: nothing else of the file changes.\n\nNote: I did not run the tests.",
    "Here's why: the old code was wrong (see above).",
)


def said(
    rng: random.Random, name: str, edit: Edit, recoverable: bool, forms: Sequence[str] | None = None
) -> Case:
    """Write a damaged edit in one of the formats."""
    form = rng.choice(tuple(forms or (*CALLS, "search/replace")))
    text: Text
    if form == "search/replace":
        text = search_replace(edit, rng)
    else:
        text = CALLS[form]("edit_file", edit.arguments())
    if isinstance(text, str) and form in (*SPACIOUS, "search/replace") and rng.random() < 0.2:
        text = f"{text}\n\n{rng.choice(PROSE)}"
    return case(name, form, (text,), recoverable, edit)


def case(
    name: str, form: str, answers: tuple[Text, ...], recoverable: bool, edit: Edit, after: str = ""
) -> Case:
    change = edit.change
    return Case(name, form, answers, recoverable, edit, change.path, after or change.after)


def stands_once(edit: Edit, key: Callable[[str], str]) -> bool:
    """Whether the old block stands once in the file, as far as ``key`` tells lines apart."""
    lines, wanted = [key(line) for line in edit.lines], [key(line) for line in edit.old]
    count = len(wanted)
    return sum(lines[at : at + count] == wanted for at in range(len(lines) - count + 1)) == 1


# What the lines look like.


def none(rng: random.Random, edit: Edit) -> Case | None:
    form = rng.choice(("unified diff", "whole file", "others"))
    if form == "unified diff":
        return case("none", form, (unified(edit, rng),), True, edit)
    if form == "whole file":
        text = whole_file(edit.path, edit.change.after, rng)
        return case("none", form, (text,), True, edit)
    return said(rng, "none", edit, True)


def indentation_cut(rng: random.Random, edit: Edit) -> Case | None:
    blocks = [line for line in (*edit.old, *edit.new) if line.strip()]
    common = min(len(line) - len(line.lstrip()) for line in blocks)
    if common == 0:
        return None
    cut = rng.randrange(1, common + 1)
    damaged = edit.each(lambda line: line[cut:])
    return said(rng, "indentation cut", damaged, stands_once(damaged, str.strip))


def indentation_added(rng: random.Random, edit: Edit) -> Case | None:
    more = " " * rng.choice((2, 4, 8))
    damaged = edit.each(lambda line: more + line if line else line)
    return said(rng, "indentation added", damaged, stands_once(damaged, str.strip))


def tabs_for_spaces(rng: random.Random, edit: Edit) -> Case | None:
    unit = 2 if edit.path.endswith((".ts", ".rb", ".html")) else 4

    def write(line: str) -> str:
        deep = len(line) - len(line.lstrip(" "))
        return "\t" * (deep // unit) + " " * (deep % unit) + line.lstrip(" ")

    def spaced(line: str) -> str:
        deep = len(line) - len(line.lstrip("\t"))
        return " " * (4 * deep) + line.lstrip("\t")

    damaged = edit.each(spaced if any("\t" in line[:1] for line in edit.old) else write)
    if damaged.old == edit.old:
        return None
    return said(rng, "tabs for spaces", damaged, shows_depths(edit))


def shows_depths(edit: Edit) -> bool:
    """Whether the old block tells what each depth of the new one is in the file."""
    known = {indent(line) for line in edit.old if line.strip()}
    wanted = {indent(line) for line in edit.new if line.strip()}
    return stands_once(edit, str.strip) and (wanted <= known or len(known - {0}) > 0)


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def other_unit(rng: random.Random, edit: Edit) -> Case | None:
    if any(line.startswith("\t") for line in edit.old):
        return None
    unit = 2 if edit.path.endswith((".ts", ".rb", ".html")) else 4
    if any(indent(line) % unit for line in (*edit.old, *edit.new)):
        return None
    other = 4 if unit == 2 else 2

    def write(line: str) -> str:
        return " " * (indent(line) // unit * other) + line.lstrip()

    damaged = edit.each(write)
    if damaged.old == edit.old:
        return None
    return said(rng, "another unit of indentation", damaged, shows_depths(edit))


def flattened(rng: random.Random, edit: Edit) -> Case | None:
    if len({indent(line) for line in edit.old if line.strip()}) < 2:
        return None
    return said(rng, "no indentation", edit.each(str.strip), False)


def ends_of_lines(rng: random.Random, edit: Edit) -> Case | None:
    more = rng.choice((" ", "  ", "\t"))
    damaged = edit.each(lambda line: line + more)
    return said(rng, "white space at line ends", damaged, True)


def carriage_returns(rng: random.Random, edit: Edit) -> Case | None:
    arguments = {key: value.replace("\n", "\r\n") for key, value in edit.arguments().items()}
    form = rng.choice(("native", "element", "fenced"))
    return case("CRLF", form, (CALLS[form]("edit_file", arguments),), True, edit)


def smart_quotes(rng: random.Random, edit: Edit) -> Case | None:
    def write(line: str) -> str:
        line = re.sub(r'"([^"]*)"', "\u201c\\1\u201d", line)
        return line.replace("'", "\u2019")

    damaged = edit.each(write)
    if damaged.old == edit.old and damaged.new == edit.new:
        return None
    return said(rng, "smart quotes", damaged, damaged.old != edit.old)


def look_alikes(rng: random.Random, edit: Edit) -> Case | None:
    words = sorted(set(re.findall(r"\b[a-z]{4,}\b", "\n".join(edit.old))))
    twins = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "p": "\u0440"}
    words = [word for word in words if set(word) & twins.keys()]
    if not words:
        return None
    word = rng.choice(words)
    twin = "".join(twins.get(letter, letter) for letter in word)
    damaged = edit.each(lambda line: re.sub(rf"\b{word}\b", twin, line))
    return said(rng, "look-alike letters", damaged, True)


def no_break_spaces(rng: random.Random, edit: Edit) -> Case | None:
    damaged = edit.each(lambda line: re.sub(r"(?<=\S) (?=\S)", "\u00a0", line))
    if damaged.old == edit.old:
        return None
    return said(rng, "no-break spaces", damaged, True)


def escaped_twice(rng: random.Random, edit: Edit) -> Case | None:
    arguments = edit.arguments()
    for key in ("old_string", "new_string"):
        arguments[key] = json.dumps(arguments[key], ensure_ascii=False)[1:-1]
    form = rng.choice(("native", "element", "fenced", "action", "tags"))
    answer = CALLS[form]("edit_file", arguments)
    return case("escaped twice", form, (answer,), True, edit)


def entities(rng: random.Random, edit: Edit) -> Case | None:
    damaged = edit.each(lambda line: html.escape(line, quote=False))
    if damaged.old == edit.old:
        return None
    return said(rng, "entities", damaged, True)


def line_numbers(rng: random.Random, edit: Edit) -> Case | None:
    sign = rng.choice((": ", "| ", "\t"))
    first = rng.randrange(1, 60)

    def numbered(lines: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{first + at}{sign}{line}" for at, line in enumerate(lines))

    damaged = replace(edit, old=numbered(edit.old), new=numbered(edit.new))
    if rng.random() < 0.3:
        damaged = replace(damaged, new=edit.new)
    return said(rng, "line numbers", damaged, len(edit.old) > 1)


def two_at_once(rng: random.Random, edit: Edit) -> Case | None:
    """Garble the lines in two ways, neither of which hides what the other did."""
    more = " " * rng.choice((2, 4, 8))
    ways: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("entities", lambda line: html.escape(line, quote=False)),
        ("no-break spaces", lambda line: re.sub(r"(?<=\S) (?=\S)", "\u00a0", line)),
        ("smart quotes", lambda line: re.sub(r'"([^"]*)"', "\u201c\\1\u201d", line)),
        ("indentation", lambda line: more + line if line else line),
        ("line ends", lambda line: line + "  "),
    )
    first, second = rng.sample(ways, 2)
    once = edit.each(first[1])
    twice = once.each(second[1])
    if edit.old in (once.old, edit.each(second[1]).old):
        return None
    if rng.random() < 0.3:
        start = rng.randrange(1, 60)
        old, new = (
            tuple(f"{start + at}: {line}" for at, line in enumerate(lines))
            for lines in (twice.old, twice.new)
        )
        twice = replace(twice, old=old, new=new)
    return said(rng, "two at once", twice, stands_once(edit, str.strip))


# Lines lost, doubled, made up.


def dropped_line(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None:
        return None
    old = edit.old[:at] + edit.old[at + 1 :]
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    new = edit.new[:shift] + edit.new[shift + 1 :]
    if rng.random() < 0.4:
        new = edit.new
    return said(rng, "dropped line", replace(edit, old=old, new=new), True)


def doubled_line(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None:
        return None
    old = edit.old[:at] + edit.old[at : at + 1] + edit.old[at:]
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    new = edit.new[:shift] + edit.new[shift : shift + 1] + edit.new[shift:]
    return said(rng, "doubled line", replace(edit, old=old, new=new), True)


def far_line(rng: random.Random, edit: Edit) -> int | None:
    """Return a line of context inside a long block, with two lines between it and the change."""
    if len(edit.old) < 6:
        return None
    behind = len(edit.old) - edit.tail
    inner = range(1, len(edit.old) - 1)
    far = [at for at in inner if at < edit.head - 2 or at >= behind + 2]
    far = [at for at in far if edit.old[at].strip()]
    return rng.choice(far) if far else None


def misremembered_context(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None or len(edit.old[at].strip()) < 12:
        return None
    line = edit.old[at]
    wrong = line[:-3] + line[-2:] if rng.random() < 0.5 else line.replace(line.strip()[3:6], "")
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    old = (*edit.old[:at], wrong, *edit.old[at + 1 :])
    new = (*edit.new[:shift], wrong, *edit.new[shift + 1 :])
    return said(rng, "misremembered context", replace(edit, old=old, new=new), True)


def misremembered_change(rng: random.Random, edit: Edit) -> Case | None:
    """Misquote the very line that is to change."""
    at = edit.head
    wrong = re.sub(r"\w+", lambda word: word[0][::-1], edit.old[at])
    if wrong.split() == edit.old[at].split():
        return None
    old = (*edit.old[:at], wrong, *edit.old[at + 1 :])
    return said(rng, "misremembered change", replace(edit, old=old), False)


def made_up(rng: random.Random, edit: Edit) -> Case | None:
    old = ("def handler(request):", "    return render(request)", "# end of handler")
    return said(rng, "made-up text", replace(edit, old=old), False)


def ambiguous(rng: random.Random, edit: Edit) -> Case | None:
    content = "\n".join(edit.lines)
    lines = [line for line in edit.old if line.strip() and content.count(line) > 1]
    if not lines:
        return None
    line = rng.choice(lines)
    damaged = replace(edit, old=(line,), new=(line, line.replace(line.strip(), "x = 1")))
    return said(rng, "ambiguous anchor", damaged, False)


def elided(rng: random.Random, edit: Edit) -> Case | None:
    """Lines of context become one that stands for them, in both blocks."""
    behind = len(edit.old) - edit.tail
    spans = [(1, edit.head - 1), (behind + 1, len(edit.old) - 1)]
    spans = [(first, last) for first, last in spans if last - first >= 1]
    if not spans:
        return None
    first, last = rng.choice(spans)
    mark = elision(rng, edit)
    shift = 0 if first < edit.head else len(edit.new) - len(edit.old)
    old = (*edit.old[:first], mark, *edit.old[last:])
    new = (*edit.new[: first + shift], mark, *edit.new[last + shift :])
    damaged = replace(edit, old=old, new=new)
    return said(rng, "elided context", damaged, elision_fits_once(edit, first, last))


def elision_fits_once(edit: Edit, first: int, last: int) -> bool:
    """Whether the lines on both sides of a gap are found in one way only."""
    above, below = edit.old[:first], edit.old[last:]
    lines = edit.lines

    def places(block: Sequence[str]) -> int:
        count = len(block)
        wanted = [line.strip() for line in block]
        return sum(
            [line.strip() for line in lines[at : at + count]] == wanted
            for at in range(len(lines) - count + 1)
        )

    return places(above) == 1 and places(below) == 1


def elision(rng: random.Random, edit: Edit) -> str:
    mark = "#" if edit.path.endswith((".py", ".rb")) else "//"
    if edit.path.endswith(".html"):
        return "<!-- ... -->"
    words = rng.choice(("...", "... existing code ...", "rest unchanged", "existing code"))
    return rng.choice(("...", f"{mark} {words}", f"{edit.old[0][: indent(edit.old[0])]}{mark} ..."))


def elided_new(rng: random.Random, edit: Edit) -> Case | None:
    """End the new text, and not the old one, in words that stand for code."""
    mark = elision(rng, edit)
    if mark.strip() == "...":
        return None
    new = (*edit.new[: max(edit.head, 1)], mark)
    return said(rng, "elided new text", replace(edit, new=new), False)


# The rest of the call.


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


# The answer's form.


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


DAMAGES: tuple[Damage, ...] = (
    none, indentation_cut, indentation_added, tabs_for_spaces, other_unit, flattened,
    ends_of_lines, carriage_returns, smart_quotes, look_alikes, no_break_spaces, escaped_twice,
    entities, line_numbers, two_at_once, dropped_line, doubled_line, misremembered_context,
    misremembered_change, made_up, ambiguous, elided, elided_new, other_spelling, wrong_folder,
    wrong_folder_whole, other_names, unknown_tool, repeated, stale, stale_change, truncated,
    python_quotes, raw_line_ends, bare_quotes, commas_and_prose, fence_around, fences_inside,
    mixed_formats, loose_diff, cut_block, cut_diff, cut_file, part_of_file, lazy_file, unseen_file,
)  # fmt: skip
