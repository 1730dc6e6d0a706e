"""Pieces that were lately seen or edited."""

from __future__ import annotations

from lsp_agent.context.ring import Ring
from lsp_agent.workspace.text import Text


def numbered(name: str, count: int = 200) -> Text:
    return Text("".join(f"{name} line {number}\n" for number in range(count)))


def paths(ring: Ring, visible: str = "") -> list[str]:
    return [chunk.path for chunk in ring.chunks(visible)]


def test_an_opened_file_s_begin_is_taken_once() -> None:
    ring = Ring()
    for _ in range(2):
        ring.opened("a.py", numbered("a"))
    (chunk,) = ring.chunks()
    assert (chunk.path, chunk.text.splitlines()[0]) == ("a.py", "a line 0")
    assert len(chunk.text.splitlines()) == 32


def test_an_edited_place_is_taken_when_the_user_goes_on_elsewhere() -> None:
    ring, text = Ring(), numbered("a")
    for line in (100, 101, 110):
        ring.edited("a.py", text, line)
    assert not ring.chunks()
    ring.edited("a.py", text, 10)
    assert "a line 110\n" in ring.chunks()[0].text
    ring.edited("b.py", numbered("b"), 50)
    assert paths(ring) == ["a.py", "a.py"]
    ring.closed("a.py")
    assert paths(ring) == ["a.py", "a.py"]
    ring.closed("b.py")
    assert paths(ring) == ["a.py", "a.py", "b.py"]


def test_what_is_nearly_there_or_hardly_anything_is_not_taken() -> None:
    ring = Ring()
    ring.opened("a.py", numbered("a"))
    ring.opened("copy.py", Text(numbered("a").content.replace("line 3\n", "line three\n")))
    ring.opened("small.py", Text("x\n\ny\n"))
    assert paths(ring) == ["a.py"]


def test_new_pieces_come_behind_until_the_older_half_goes() -> None:
    ring = Ring(room=1200)
    seen = []
    for name in "abcdef":
        ring.opened(f"{name}.py", numbered(name))
        seen.append("".join(path[0] for path in paths(ring)))
    assert seen == ["a", "ab", "abc", "cd", "cde", "ef"]


def test_what_the_prompt_shows_anyway_is_left_out() -> None:
    ring = Ring()
    ring.opened("a.py", numbered("a"))
    ring.opened("b.py", numbered("b"))
    assert paths(ring, numbered("a").content) == ["b.py"]


def test_a_long_line_is_cut() -> None:
    ring = Ring()
    ring.opened("a.py", Text("x\n" + "y" * 100_000 + "\nz\nw\n"))
    assert not ring.chunks()
    ring.opened("b.py", Text("x\ny\nz\n" + "y" * 100_000))
    assert len(ring.chunks()[0].text) == 1501
