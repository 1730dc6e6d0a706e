"""Write tests for the definition at the cursor that pass, and that notice faults in it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach, Spot
from lsp_agent.agent.types import Answer, RunRequest
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.verify.test_files import is_tested


class GenerateTests(BaseAction):
    """Tests in the project's own test file; where programs may run they are run and tried."""

    name: ClassVar = "generate_tests"
    kind: ClassVar = "refactor.rewrite.lspAgent.generateTests"
    summary: ClassVar = "write tests for the function, method or class at the cursor"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    proof: ClassVar = "the tests run, and fail on faults put into the code"
    example: ClassVar = Example(
        language="python",
        before="def fee(age):$0\n    return 0 if age < 18 else 12\n",
        after=(
            "#- tests/test_a.py\n"
            "from a import fee\n\n\n"
            "def test_fee_begins_at_18():\n"
            "    assert (fee(17), fee(18)) == (0, 12)\n"
        ),
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it on code that is no test itself, in a language whose tests are known."""
        symbol = _tested(place)
        return [Offer(f"Generate tests for {symbol.name}")] if symbol else []

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for tests; an instruction (``argument``) says what they are to be about."""
        symbol = _tested(place)
        if symbol is None:
            raise ActionError("there is no function, method or class here to test")
        name = symbol.qualified_name
        instruction = f" {argument}" if argument else ""
        request = self.task(
            place,
            f"Write tests for {name}.{instruction}",
            target=symbol.range,
            title=f"Generate tests for {symbol.name}",
            form="tests",
            bounded=False,
        )
        return replace(request, argument=name)


def _tested(place: Place) -> Symbol | None:
    symbol = place.document.enclosing(place.range.start) if is_tested(place.path) else None
    if symbol is None or symbol.kind not in ("function", "method", "class", "constructor"):
        return None
    return None if symbol.name.startswith("test_") else symbol


ACTION = GenerateTests()
