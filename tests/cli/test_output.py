from __future__ import annotations

import json
from contextlib import redirect_stdout

import pytest

from lsp_agent.cli import output

DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\x1b[2J\n+new\r\n"


class Screen:
    """A stdout that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_controls_become_visible() -> None:
    assert output.printable("a\x1b[31m\tb\nc\x9b\x00é🎉") == "a\\x1b[31m\tb\nc\\x9b\\x00é🎉"


def test_hidden_characters_become_visible() -> None:
    assert output.printable("a\u202eb p\u0430y") == "a⟨U+202E⟩b p\u0430⟨U+0430⟩y"


def test_a_pipe_gets_the_diff_as_it_is(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.write_diff(DIFF, color=False)
    assert capfdbinary.readouterr().out == DIFF.encode()


def test_a_terminal_gets_no_controls_of_the_models() -> None:
    screen = Screen()
    with redirect_stdout(screen):  # type: ignore[type-var]
        output.write_diff(DIFF, color=False)
    assert "\x1b" not in screen.text
    assert "-old\\x1b[2J\n+new\n" in screen.text


def test_a_terminal_gets_colours() -> None:
    screen = Screen()
    with redirect_stdout(screen):  # type: ignore[type-var]
        output.write_diff(DIFF, color=True)
    assert "\x1b[31m-old\\x1b[2J\x1b[0m\n\x1b[32m+new\x1b[0m\n" in screen.text
    assert "\x1b[1m+++ b/x\x1b[0m" in screen.text


def test_text_ends_its_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.write_text("größe")
    output.write_text("done\n")
    assert capfdbinary.readouterr().out == "größe\ndone\n".encode()


def test_json_is_one_line_each(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.write_json({"text": "é\n\ud800"})
    line = capfdbinary.readouterr().out
    assert line.count(b"\n") == 1
    assert json.loads(line)["text"].startswith("é\n")
