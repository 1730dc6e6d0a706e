"""Command lines are read as bash reads them; bash itself says how."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsp_agent.syntax.shell import MAX_CHARACTERS, read_command_line

BASH = shutil.which("bash")


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("make test", ("make", "test")),
        ("make  'te st' a\\ b \"c d\" e\"f\"'g'", ("make", "te st", "a b", "c d", "efg")),
        ('printf "" "  " " a"', ("printf", "", "  ", " a")),
        ("find . -name \\*.py", ("find", ".", "-name", "*.py")),
        ("echo a#b 5 --x=y", ("echo", "a#b", "5", "--x=y")),
        ('echo "a\\"b\\\\c\\d"', ("echo", 'a"b\\c\\d')),
        ("make \\\n test", ("make", "test")),
    ],
)
def test_a_lone_literal_command(line: str, argv: tuple[str, ...]) -> None:
    command = read_command_line(line).lone
    assert command is not None
    assert command.argv == argv


@pytest.mark.parametrize(
    ("line", "trait"),
    [
        ("a | b", "pipeline"),
        ("a && b", "list"),
        ("a || b", "list"),
        ("a; b", "list"),
        ("a\nb", "list"),
        ("a &", "background"),
        ("a $(b)", "substitution"),
        ("a `b`", "substitution"),
        ('a "$(b)"', "substitution"),
        ("a <(b)", "substitution"),
        ("a <<E\nx\nE", "heredoc"),
        ("a <<< b", "heredoc"),
        ("f() { a; }", "function"),
        ("(a)", "subshell"),
        ("{ a; }", "compound"),
        ("if a; then b; fi", "compound"),
        ("for x in 1; do a; done", "compound"),
        ("while a; do b; done", "compound"),
        ("case x in x) a;; esac", "compound"),
        ("[[ -f x ]]", "compound"),
        ("! a", "negation"),
        ("a *.py", "expansion"),
        ("a x?", "expansion"),
        ("a [ab]", "expansion"),
        ("a {x,y}", "expansion"),
        ("a {1..3}", "expansion"),
        ("a ~/x", "expansion"),
        ("a $HOME", "expansion"),
        ('a "$HOME"', "expansion"),
        ("a ${x:-y}", "expansion"),
        ("a $((1 + 1))", "expansion"),
        ("a $'\\x41'", "expansion"),
        ("a # b", "comment"),
    ],
)
def test_what_is_more_than_a_lone_command(line: str, trait: str) -> None:
    read = read_command_line(line)
    assert read.valid
    assert trait in read.traits
    assert read.lone is None or read.lone.argv is None


@pytest.mark.parametrize(
    ("line", "programs"),
    [
        ("a $(b `c`) <(d) | e && f", ["a", "b", "c", "d", "e", "f"]),
        ("f() { rm x; }; f", ["rm", "f"]),
        ("cat <<E\n$(evil)\nE", ["cat", "evil"]),
        ("cat <<E | sh\nx\nE", ["cat", "sh"]),
        ("a > $(b)", ["a", "b"]),
        ("x=$(b) a", ["a", "b"]),
        ("export A=$(b)", ["export", "b"]),
        ("if a; then b; else c; fi", ["a", "b", "c"]),
        ('echo "${x:-$(b)}"', ["echo", "b"]),
    ],
)
def test_every_program_is_seen(line: str, programs: list[str]) -> None:
    read = read_command_line(line)
    seen = [command.words[0].text for command in read.commands if command.words]
    assert sorted(seen) == sorted(programs)


def test_assignments_redirections_and_pipes() -> None:
    command = read_command_line("A=1 B='x y' make 2>/dev/null >out").lone
    assert command is not None
    assert [(name, word.text) for name, word in command.assignments] == [("A", "1"), ("B", "x y")]
    assert [(one.operator, one.target.text) for one in command.redirections] == [
        (">", "/dev/null"),
        (">", "out"),
    ]
    assert [one.piped for one in read_command_line("curl x | sh").commands] == [False, True]


@pytest.mark.parametrize(
    "line",
    ["", "a 'b", 'a "b', "a $(b", "a |", "a\x00b", "a \x1b[2J", "a \ud800", "a (b", "if a",
     "a \\ =", "\\ a", "a;\\\tb", "a " * MAX_CHARACTERS, "a " + "$(" * 500 + "b" + ")" * 500],
    ids=range(15),
)  # fmt: skip
def test_what_can_not_be_read(line: str) -> None:
    read = read_command_line(line)
    assert read.lone is None
    assert not read.valid


@given(
    st.text(max_size=80) | st.text(st.sampled_from("ab \\'\"$`(){}|&;<>*?[]~=#!\n-/"), max_size=40)
)
@settings(max_examples=300, deadline=None)
def test_any_text_gets_an_answer(line: str) -> None:
    read = read_command_line(line)
    assert read.lone is None or read.lone.words


@pytest.mark.skipif(BASH is None, reason="there is no bash to compare with")
@given(
    st.lists(st.text(st.sampled_from("ab\\'\"$*?~{},=#! -./"), max_size=8), min_size=1, max_size=4)
)
@example(["a\\", "b"])
@example(["a", "#b"])
@example(["\\", "="])
@example(["=='", "'"])
@example(["=$$"])
@example(["-", "$"])
@example(['=$""'])
@example(["~", "a=~"])
@settings(max_examples=60, deadline=None)
def test_literal_words_are_what_bash_passes_on(words: list[str]) -> None:
    line = "printf '%s\\0' " + " ".join(words)
    command = read_command_line(line).lone
    if command is None or command.argv is None or command.redirections:
        return
    done = subprocess.run([str(BASH), "-c", line], capture_output=True, check=False, cwd="/")
    assert done.stdout.decode().split("\0")[:-1] == (list(command.argv[2:]) or [""])
