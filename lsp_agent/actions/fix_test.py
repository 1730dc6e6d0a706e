"""Make a failing test pass by mending what it tests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.testcases import test_at
from lsp_agent.verify.affected import is_runnable_test

_NODE = re.compile(r"(?P<path>[^\s:]+\.py)::(?P<name>[\w:]+)")
_NAMED = re.compile(r"[^\s:]+\.\w+::.+")
_CHANGES_TEST = re.compile(
    r"\b(?:adapt|adjust|change|correct|edit|fix|rewrite|update)\b.*\btests?\b", re.IGNORECASE
)


class FixTest(BaseAction):
    """Run the test at the cursor, or the one that a diagnostic names, and mend the code."""

    name: ClassVar = "fix_test"
    kind: ClassVar = "refactor.rewrite.lspAgent.fixTest"
    summary: ClassVar = "make the failing test at the cursor pass by mending what it tests"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    proof: ClassVar = "the test passes, and so do the others that passed"
    example: ClassVar = Example(
        language="python",
        before=(
            "def fee(age):\n    return 0 if age <= 18 else 12\n\n\n"
            "def test_fee():\n    assert fee(18) == 12$0\n"
        ),
        after=(
            "def fee(age):\n    return 0 if age < 18 else 12\n\n\n"
            "def test_fee():\n    assert fee(18) == 12\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it in a test, and where a diagnostic names one as pytest does."""
        tests = [test for test in (_at(place), *_reported(place)) if test]
        return [
            Offer(f"Make {test.rpartition('::')[2]} pass", argument=test)
            for test in dict.fromkeys(tests)
        ]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the code that makes the test pass.

        An instruction in the place of the test's name may have the test itself changed: one that
        says to change, correct, update… a test.
        """
        named = _NAMED.fullmatch(argument)
        test = argument if named else _at(place) or next(iter(_reported(place)), "")
        if not test:
            raise ActionError("there is no test here to make pass")
        instruction = "" if named else argument
        path, _, name = test.partition("::")
        own = path == place.path and _CHANGES_TEST.search(instruction) is not None
        symbol = place.document.enclosing(place.range.start) if own else None
        request = self.task(
            place,
            f"Make the failing test {name} pass. {instruction}".rstrip(),
            target=symbol.range if symbol else place.range,
            title=f"Make {name.rpartition('::')[2]} pass",
            form="fix_test",
            bounded=False,
        )
        return replace(request, argument=test, target=symbol.range if symbol else None)


def _at(place: Place) -> str:
    """Return the test at a place, as ``PATH::NAME``; ``""`` without one."""
    python = place.document.language == "python"
    if not python and not is_runnable_test(place.path):
        return ""
    name = test_at(place.document, place.range.start)
    return f"{place.path}::{name}" if name else ""


def _reported(place: Place) -> list[str]:
    """Return the tests that diagnostics name."""
    found = (_NODE.search(note.message) for note in place.diagnostics)
    return [f"{one['path']}::{one['name'].replace('::', '.')}" for one in found if one]


ACTION = FixTest()
