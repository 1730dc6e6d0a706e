"""How files are cut into passages."""

from __future__ import annotations

from lsp_agent.context.assemble import build_context
from lsp_agent.context.question import Question
from lsp_agent.context.spans import spans_of
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.text import Text
from tests.context.conftest import MakeProject

CLASSY = '''__all__ = ["Gap"]
LEAST = 1
MOST = 2


@final
class Gap:
    """A gap."""

    prefix: str
    suffix: str = ""

    def size(self):
        def inner(text):
            width = len(text)
            return width

        return inner(self.prefix)

    late: int = 0


def make(items):
    for item in items:
        yield item

'''


def cut(view: IndexView, path: str) -> list[tuple[str, int, int]]:
    text = Text(view.overlay.read(path))
    spans = spans_of(view.outline(path), text)
    return [(one.rows[0].name if one.rows else "", one.start + 1, one.end + 1) for one in spans]


def test_definitions_come_with_what_belongs_to_them(make_project: MakeProject) -> None:
    view = make_project({"a.py": CLASSY}).view()
    assert cut(view, "a.py") == [
        ("LEAST", 2, 3),
        ("Gap", 6, 11),
        ("size", 13, 18),
        ("late", 20, 20),
        ("make", 23, 25),
    ]


def test_a_long_function_is_cut_at_what_is_defined_in_it(make_project: MakeProject) -> None:
    rows = "".join(f"    x{n} = {n}\n" for n in range(90))
    text = f"def register(server):\n    first = 1\n    def on_open():\n        pass\n{rows}"
    view = make_project({"a.py": text}).view()
    assert cut(view, "a.py")[:2] == [("register", 1, 2), ("on_open", 3, 4)]


def test_prose_and_data_are_cut_at_their_sections(make_project: MakeProject) -> None:
    view = make_project(
        {
            "a.md": "# One\n\nIntro.\n\n## Two\n\nMore.\n",
            "a.toml": "[a]\nx = 1\n[a.b]\ny = 2\n",
            "a.txt": "line\n" * 30,
        }
    ).view()
    assert cut(view, "a.md") == [("One", 1, 3), ("Two", 5, 7)]
    assert cut(view, "a.txt") == [("", 1, 24), ("", 25, 30)]
    assert cut(view, "a.toml")[0][0] == "a"


def test_a_method_says_what_it_stands_in(make_project: MakeProject) -> None:
    view = make_project({"a.py": CLASSY}).view()
    whole = build_context(Question("`size` of a Gap"), view, 300, with_map=False).text
    assert "a.py:13-18 in Gap\n    def size(self):\n" in whole
    assert "a.py:6-11\n@final\nclass Gap:\n" in whole
    assert '    suffix: str = ""\n' in whole
    short = build_context(Question("`size`"), view, 24, with_map=False).text
    assert short.endswith("a.py:13 in Gap: def size(self)")


def test_a_long_function_is_whole_or_says_that_it_is_not(make_project: MakeProject) -> None:
    body = "".join(f"    number = price + {n}\n" for n in range(200))
    view = make_project({"a.py": f"def total(price):\n{body}    return number\n"}).view()
    large = build_context(Question("`total`"), view, 4000, with_map=False)
    assert large.text.endswith("    return number")
    assert "a.py:1-202\n" in large.text
    small = build_context(Question("`total`"), view, 600, with_map=False)
    assert "a.py:1-30\ndef total(price):\n" in small.text
    assert small.text.endswith("⋮ 172 more lines, to 202")
    assert not small.pieces[0].whole


def test_headings_and_keys_are_no_signatures(make_project: MakeProject) -> None:
    text = "# Discounts\n\n" + "How a discount is taken off.\n" * 90
    view = make_project({"a.md": text, "a.toml": "[discounts]\noff = 1\n" + "x = 1\n" * 90}).view()
    made = build_context(Question("discounts off"), view, 80, with_map=False)
    assert ": # Discounts" not in made.text
    assert ": [discounts]" not in made.text
