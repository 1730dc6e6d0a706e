"""Commands as words, against a real shell where it agrees, and what needs one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.tools.spec import ToolError
from lsp_agent.tools.words import split_words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("pytest -q tests", ("pytest", "-q", "tests")),
        ("  a\t b\r", ("a", "b")),
        ("""a 'b c' "d e" f\\ g""", ("a", "b c", "d e", "f g")),
        ("""a '' "" x''y""", ("a", "", "", "xy")),
        ("""a "q\\"q" "b\\\\s" "n\\n" "\\$x" '$x'""", ("a", 'q"q', "b\\s", "n\\n", "$x", "$x")),
        ("a 'x|y' \"a&&b\" c\\;d '*' \"?\"", ("a", "x|y", "a&&b", "c;d", "*", "?")),
        ("a test[1] a=b x~ a#b 5$ {a,b}", ("a", "test[1]", "a=b", "x~", "a#b", "5$", "{a,b}")),
        ("a \\\nb", ("a", "b")),
        ("sh -c 'a | b > c'", ("sh", "-c", "a | b > c")),
    ],
)
def test_words(command: str, words: tuple[str, ...]) -> None:
    assert split_words(command) == words


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("a | b", "'|' (a pipe)"),
        ("a && b", "'&&'"),
        ("a || b", "'||'"),
        ("a & ", "'&'"),
        ("a; b", "';' (several commands)"),
        ("a\nb", "several commands"),
        ("a > b", "'>' (a redirection)"),
        ("a >> b", "'>>'"),
        ("a 2>&1", "redirection"),
        ("a <(b)", "'<'"),
        ("(a)", "a subshell"),
        ("a $(b)", "'$(' (a substitution)"),
        ('a "$(b)"', "substitution"),
        ("a `b`", "'`' (a substitution)"),
        ('a "`b`"', "substitution"),
        ("a $HOME", "substitution"),
        ("a ${HOME}", "substitution"),
        ("a $'x'", "substitution"),
        ("ls *.py", "'*' (a pattern of file names)"),
        ("cat ~/.ssh/id", "'~' (the home folder)"),
        ("a # b", "a comment"),
        ("cd x && y", "'&&'"),
        ("cd x", "cd is a part of shells"),
        ("FOO=1 make", "write: env FOO=1 make"),
        ("a 'b", "a ' has no end"),
        ('a "b', 'a " has no end'),
        ("a \\", "backslash"),
        ("  ", "empty"),
        ("a\0b", "NUL"),
    ],
)
def test_what_needs_a_shell_is_refused_by_name(command: str, what: str) -> None:
    with pytest.raises(ToolError) as caught:
        split_words(command)
    assert what in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="compares with a POSIX shell")
@given(st.text(alphabet=" ab'\"\\$`|&;<>()*?~#=\t\n{}[]-", max_size=14))
def test_what_is_accepted_means_the_same_to_a_shell(text: str) -> None:
    try:
        words = split_words(f"p {text}")
    except ToolError:
        return
    # Braces, brackets and lonely dollars mean nothing to dash where no file fits.
    script = f"set -f; p() {{ for one; do printf '%s\\0' \"$one\"; done; }}; p {text}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(words[1:])
