"""Fix all diagnostics of one kind: in the file, or in the workspace."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import ActionError, BaseAction, Example, Offer, Place, Reach
from lsp_agent.agent.types import Answer, RunRequest

_CODE = "code:"


class FixFile(BaseAction):
    """All of one code in the file: by the linter's own safe fix, else by the model one by one."""

    name: ClassVar = "fix_file"
    kind: ClassVar = "quickfix.lspAgent"
    summary: ClassVar = "fix all of one code in the file; --instruction CODE, or safe fixes of all"
    answer: ClassVar[Answer] = "edit"
    reach: ClassVar[Reach] = "file"
    proof: ClassVar = "the linter no longer reports it"
    where: ClassVar = "this file"
    example: ClassVar = Example(
        language="python",
        before="def total(items):\n    return sum(itms)$0\n",
        after="def total(items):\n    return sum(items)\n",
        diagnostic="Undefined name `itms`",
        code="F821",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it for each code that is reported at the place."""
        # Findings of a review have a category, and no linter's code.
        notes = [note for note in place.diagnostics if note.source != "lsp-agent"]
        codes = dict.fromkeys(note.code for note in notes if note.code)
        return [
            Offer(f"Fix all {code} in {self.where}", _CODE + code, needs_model=False)
            for code in codes
        ]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Ask for the text without what is reported; the model is loaded if it is needed."""
        code = argument.removeprefix(_CODE).strip()
        if not code and self.reach == "file" and not place.document.text.content:
            raise ActionError("there is no diagnostic here to fix")
        title = f"Fix all {code or 'that has a safe fix'} in {self.where}"
        return self.by_rule(place, title, "fix_all", code)


class FixWorkspace(FixFile):
    """The same in every file that a linter of the workspace looks at."""

    name: ClassVar = "fix_workspace"
    kind: ClassVar = "source.lspAgent.fixAll"
    summary: ClassVar = "fix all of one code in the workspace; --instruction CODE, or safe fixes"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    where: ClassVar = "the workspace"


FILE = FixFile()
WORKSPACE = FixWorkspace()
