"""Damage to what the lines look like: indentation, characters, numbers in front."""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.corruptions.answers import (
    CALLS,
    Edit,
    unified,
    whole_file,
)
from benchmarks.corruptions.cases import Case, case, indent, said, stands_once


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
