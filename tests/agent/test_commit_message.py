"""What models answer in the place of a commit message, read leniently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.commit_message import read_message
from lsp_agent.vcs.diffs import SUBJECT, FileDiff, fitted, plain_message, read_diff


@pytest.mark.parametrize(
    "answer",
    [
        "Mend it\n\nBecause.",
        "mend it".capitalize() + ".\n\nBecause.\n",
        "Subject: Mend it\n\nBody: Because.",
        '"Mend it"\n\nBecause.',
        "```\nMend it\n\nBecause.\n```",
        "Here you are:\n```text\nMend it\n\nBecause.\n```\nEnjoy!",
        '{"subject": "Mend it", "body": "Because."}',
        "**Commit message:**\nMend it\n\nBecause.",
        "# Mend it\r\n\r\nBecause.\x1b",
    ],
)
def test_forms_of_an_answer(answer: str) -> None:
    found = read_message(answer)
    assert found is not None
    assert (found.subject, found.body) == ("Mend it", "Because.")


@pytest.mark.parametrize("answer", ["", "\n \n", "```\n```", '{"title": 1}', "{broken"])
def test_nothing_to_use(answer: str) -> None:
    assert read_message(answer) is None


@given(st.text())
def test_any_answer_gives_a_line_or_nothing(answer: str) -> None:
    found = read_message(answer)
    assert found is None or (0 < len(found.subject) <= SUBJECT and "\n" not in found.subject)


def test_subjects_are_cut_between_words() -> None:
    assert fitted("word " * 20) == "word " * 13 + "word…"
    assert len(fitted("x" * 100)) == SUBJECT


def test_many_files_are_counted() -> None:
    files = [FileDiff(f"src/pkg/module_{n}.py", "Add") for n in range(30)]
    subject, body = plain_message(files)
    assert subject == "Add 30 files in src/pkg"
    assert body.endswith("* and 10 more files")


def test_a_diff_is_read() -> None:
    diff = (
        "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n"
        "@@ -1 +1 @@ class Box:\n-diff --git a/x b/x\n+y\n@@ -9 +9 @@ def area(w, h):\n-x\n+y\n"
        "diff --git a/b.py b/c.py\nsimilarity index 90%\nrename from b.py\nrename to c.py\n"
        "diff --git a/n.py b/n.py\nnew file mode 100644\n"
        "diff --git a/o.py b/o.py\ndeleted file mode 100644\n"
    )
    assert read_diff(diff) == [
        FileDiff("a.py", "Update", "a.py", ("Box", "area")),
        FileDiff("c.py", "Rename", "b.py"),
        FileDiff("n.py", "Add", "n.py"),
        FileDiff("o.py", "Remove", "o.py"),
    ]
