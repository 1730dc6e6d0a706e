"""The grades in which an old text is found, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.tools.matching.ladder import AlreadyMadeError, find_edit
from lsp_agent.tools.matching.transplant import transplant
from lsp_agent.tools.spec import ToolError

SHOP = """\
class Cart:
    def __init__(self, items):
        self.items = items
        self.open = True

    def total(self):
        total = 0
        for item in self.items:
            if item.price < 0:
                continue
            total += item.price
        return total

    def names(self):
        return ["<b>" + item.name + "</b>" for item in self.items]
"""


def made(old: str, new: str, content: str = SHOP, **options: object) -> tuple[str, str]:
    """Return the text with the edit, and the grade of the match."""
    found = find_edit(content, old, new, "a.py", **options)  # type: ignore[arg-type]
    text = content
    for match in reversed(found.matches):
        text = text[: match.start] + match.new + text[match.end :]
    return text, found.grade


def changed(old: str, new: str) -> str:
    assert SHOP.count(old) == 1
    return SHOP.replace(old, new)


PLUS = changed("total += item.price\n", "total += item.price * item.count\n")


@pytest.mark.parametrize(
    ("grade", "old", "new"),
    [
        ("", "total += item.price\n", "total += item.price * item.count\n"),
        (
            "white space",
            "if item.price < 0:\n    continue\ntotal += item.price",
            "if item.price < 0:\n    continue\ntotal += item.price * item.count",
        ),
        (
            "white space",
            (
                "  for item in self.items:\n    if item.price < 0:\n      continue\n"
                "    total += item.price"
            ),
            (
                "  for item in self.items:\n    if item.price < 0:\n      continue\n"
                "    total += item.price * item.count"
            ),
        ),
        (
            "lines left out",
            "    def total(self):\n        # ... existing code\n            total += item.price",
            (
                "    def total(self):\n        # ... existing code\n"
                "            total += item.price * item.count"
            ),
        ),
        (
            "line numbers in it",
            "10:                 continue\n11:             total += item.price",
            "10:                 continue\n11:             total += item.price * item.count",
        ),
        (
            "entities in it",
            (
                "            if item.price &lt; 0:\n                continue\n"
                "            total += item.price"
            ),
            (
                "            if item.price &lt; 0:\n                continue\n"
                "            total += item.price * item.count"
            ),
        ),
        (
            "escapes in it",
            "                continue\\n            total += item.price\\n",
            "                continue\\n            total += item.price * item.count\\n",
        ),
        (
            "a code fence around it",
            "```\n                continue\n            total += item.price\n```",
            "```\n                continue\n            total += item.price * item.count\n```",
        ),
        # Whole lines go, so whole lines come.
        ("", "            total += item.price\n", "            total += item.price * item.count"),
        (
            "",
            "            total += item.price",
            "```python\n            total += item.price * item.count\n```",
        ),
        (
            "white space or quotes in its lines",
            "            total+=item.price\n        return  total",
            "            total += item.price * item.count\n        return  total",
        ),
        (
            "line numbers in it",
            "  10 |                 continue\n  11 |             total += item.price",
            "                continue\n            total += item.price * item.count",
        ),
        (
            "entities in it",
            "        return [&quot;<b>&quot; + item.name",
            "        return [&quot;<i>&quot; + item.name",
        ),
        (
            "a diff's marks in it",
            "-                continue\n-            total += item.price",
            "+                continue\n+            total += item.price * item.count",
        ),
        (
            "quotes around it",
            '"                continue\n            total += item.price"',
            '"                continue\n            total += item.price * item.count"',
        ),
        (
            "other characters that look alike",
            "            total += it\u0435m.price\n        return total",
            "            total += it\u0435m.price * it\u0435m.count\n        return total",
        ),
        (
            "lines that it has otherwise",
            (
                "    def total(self):\n        sum = 0\n        for item in self.items:\n"
                "            if item.price < 0:\n                continue\n"
                "            total += item.price\n        return total"
            ),
            (
                "    def total(self):\n        sum = 0\n        for item in self.items:\n"
                "            if item.price < 0:\n                continue\n"
                "            total += item.price * item.count\n        return total"
            ),
        ),
    ],
)
def test_each_grade_lands_the_same_edit(grade: str, old: str, new: str) -> None:
    wanted = changed("<b>", "<i>") if "<i>" in new else PLUS
    assert made(old, new) == (wanted, grade)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # What would be written stands for code.
        ("        total = 0", "        # ... rest unchanged ...", "leaves code out"),
        # Nothing shows how deep the new line is to stand.
        (
            "for item in self.items:\nif item.price < 0:\ncontinue",
            "for item in self.items:\nif item.price < 1:\nbreak",
            "not certain",
        ),
        # The line that changes was never there.
        (
            (
                "    def total(self):\n        total = 0\n        for item in self.items:\n"
                "            total += item.cost()\n        return total"
            ),
            (
                "    def total(self):\n        total = 0\n        for item in self.items:\n"
                "            total += item.worth()\n        return total"
            ),
            "the lines most like it",
        ),
        # A line left out of the old text alone would come in twice.
        (
            "            if item.price < 0:\n                continue\n",
            (
                "            if item.price <= 0:\n                continue\n"
                "            total += item.price\n"
            ),
            "into the file again",
        ),
        ("        return total\n", "        return total=\u201cx\u201d\n", "typographic quote"),
        ("        return total", "        # (the rest stays as it is)", "leaves code out"),
        ("-        return total", "+        return 1\n.", "the lines most like it"),
        ("return totals", "return 1", "the lines most like it"),
        ("self.items", "self.rows", "3 times"),
    ],
)
def test_what_is_not_certain_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        made(old, new)


@pytest.mark.parametrize(
    ("content", "old", "new"),
    [
        # The model forgot a line of the old text: it would come in a second time.
        ("a do\n  b\n  c\nend\n", "  b\n  c", "  b\n  d\n  c\nend"),
        ("a {\n  b\n  c\n}\n", "  b\n  c", "  b\n  d\n  c\n}"),
        # Which of two equal lines goes is not to be seen.
        ("a {\n  bb {\n    c()\n  }\n}\n", "bb {\nc()\n}\n}", "bb {\nc()\n}"),
        # One line without its indentation becomes two.
        ("def f():\n    x = 1\n    return x\n", "x = 1", "x = 1\ny = 2"),
        # The indentation that the new text has stands there already.
        ("if a:\n    go()\n", "go()", "    go(1)"),
        # Three lines hold these two twice.
        ("a(){\n  }\n }\n}\n", "}\n\t}", "}"),
    ],
)
def test_more_that_is_not_certain(content: str, old: str, new: str) -> None:
    with pytest.raises(ToolError):
        made(old, new, content)


@pytest.mark.parametrize(
    ("content", "old", "new", "after"),
    [
        # What is put around a block may end as the next line does.
        ("f() {\n  a();\n}\n", "  a();", "  if (b) {\n  a();\n}", None),
        # Only the indentation changes.
        (
            "if x:\n    if a:\n        go()\n    to()\n",
            "if a:\n    go()\nto()",
            "if a:\n    go()\n    to()",
            "if x:\n    if a:\n        go()\n        to()\n",
        ),
        ("go {\n\tto();\n}\n", "go {\n    to();", "go {\n    at();", "go {\n\tat();\n}\n"),
        # One line without its indentation, which the new text shows.
        ("if a:\n    go()\n", "go()", "# So\ngo()", "if a:\n    # So\n    go()\n"),
        ("if a:\n    go()\n", "go()", "    # So\n    go()", "if a:\n    # So\n    go()\n"),
        ("if a:\n    go()\n", "go()", "# So\n    go()", "if a:\n    # So\n    go()\n"),
        # What has the file's indentation by chance goes deeper, as what stands around it shows.
        (
            "if a:\n    go()\n    to()\n",
            "go()\nto()",
            "if b:\n    go()\n    to()",
            "if a:\n    if b:\n        go()\n        to()\n",
        ),
        # The old text alone lost its indentation, and a line goes deeper.
        (
            "f {\n    go\n    to\n    at\n}\n",
            "go\nto\nat",
            "    go\n    if c {\n        to\n    }\n    at",
            "f {\n    go\n    if c {\n        to\n    }\n    at\n}\n",
        ),
        # The old text alone lost its indentation; closing brackets stand at several depths.
        (
            "a {\n  b {\n  }\n}\n\nf {\n  if c {\n    return\n  }\n  go\n}\n",
            "if c {\n  return\n}\ngo\n}",
            "  if c {\n    return 1\n  }\n  go\n}",
            "a {\n  b {\n  }\n}\n\nf {\n  if c {\n    return 1\n  }\n  go\n}\n",
        ),
        (
            "f {\n  a {\n  }\n\n  b {\n    if c {\n    }\n    go\n",
            "}\n\nb {\n  if c {\n  }\n  go",
            "  }\n\n  b_2 {\n    if c {\n    }\n    go",
            "f {\n  a {\n  }\n\n  b_2 {\n    if c {\n    }\n    go\n",
        ),
        (
            "a:\n        go\n",
            "    go\n",
            "    go:\n      to\n",
            "a:\n        go:\n            to\n",
        ),
    ],
)
def test_indentation_that_can_be_read(content: str, old: str, new: str, after: str | None) -> None:
    assert made(old, new, content)[0] == (after or content.replace(old, new))


def test_an_elision_that_fits_in_two_ways_is_refused() -> None:
    content = "start()\na()\nend()\nb()\nend()\n"
    with pytest.raises(ToolError, match="2 times"):
        made("start()\n...\nend()", "start()\n...\nstop()", content)


def test_an_edit_made_already_is_told() -> None:
    text, _ = made("        total = 0\n", "        total = 0\n        count = 0\n")
    with pytest.raises(AlreadyMadeError, match="already stands at line 7"):
        made("        total = 0\n", "        total = 0\n        count = 0\n", text)


def test_an_edit_of_an_earlier_text_is_carried_over() -> None:
    now = changed("        self.open = True\n", "        self.open = bool(items)\n")
    old = "        self.open = True\n\n    def total(self):\n        total = 0\n"
    text, grade = made(old, old.replace("0", "0.0"), now, earlier=[SHOP, now])
    assert text == now.replace("total = 0", "total = 0.0")
    assert grade == "what was changed since"


def test_but_not_onto_what_was_changed_since() -> None:
    now = changed("        total = 0\n", "        total = 0.0\n")
    with pytest.raises(ToolError, match=r"changed since.*\n(.*\n)*7:         total = 0\.0"):
        made("        total = 0\n", "        total = None\n", now, earlier=[SHOP, now])


def test_the_new_text_may_be_right_where_the_old_one_is_not() -> None:
    old = "total = 0\nfor item in self.items:"
    new = "        total = 0.0\n        for item in self.items:"
    assert made(old, new)[0] == changed("total = 0\n", "total = 0.0\n")


def test_python_dots_are_code() -> None:
    content = "def f():\n    ...\n\n\ndef g():\n    ...\n"
    text, grade = made("def g():\n    ...", "def g() -> None:\n    ...", content)
    assert (text, grade) == (content.replace("g()", "g() -> None"), "")


# Lines that are told apart, so that each stands once.
blocks = st.lists(st.integers(0, 10_000), min_size=8, max_size=30, unique=True)


@given(blocks, st.data())
def test_damaged_context_never_moves_or_changes_another_line(
    numbers: list[int], data: st.DataObject
) -> None:
    """Whatever becomes of the context, either the edit lands as meant or it is refused."""
    lines = [f"    call_number_{number}(argument)" for number in numbers]
    at = data.draw(st.integers(0, len(lines) - 1))
    first = data.draw(st.integers(0, at))
    last = data.draw(st.integers(at + 1, len(lines)))
    changed = [*lines[:at], "    something_else()", *lines[at + 1 :]]
    old, new = lines[first:last], changed[first:last]
    damaged = data.draw(st.integers(0, len(old) - 1))
    kind = data.draw(st.sampled_from(["drop", "double", "garble"]))
    for block in (old, new):
        line = block[damaged]
        other = {"drop": [], "double": [line, line], "garble": [line.replace("l", "")]}[kind]
        block[damaged : damaged + 1] = other
    content = "\n".join(lines) + "\n"
    meant = "\n".join(changed) + "\n"
    if at == first + damaged:
        # The change itself is damaged, which nothing shows where the rest fits.
        return
    try:
        text, _ = made("\n".join(old), "\n".join(new), content)
    except ToolError:
        return
    assert text == meant


@given(st.lists(st.sampled_from(["a", " b", "  c", ""]), max_size=8), st.data())
def test_an_unchanged_block_changes_nothing(lines: list[str], data: st.DataObject) -> None:
    where = [data.draw(st.sampled_from([None, at])) for at in range(len(lines))]
    assert transplant(lines, lines, lines, where) == lines
