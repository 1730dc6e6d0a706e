"""Write string formatting as an f-string."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.change import Change
from lsp_agent.refactor.strings import to_f_string
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Range


class ToFString(RuleAction):
    """`format` and `%` with a tuple, where each argument is formatted once and in order."""

    name: ClassVar = "to_f_string"
    kind: ClassVar = "refactor.rewrite.lspAgent.toFString"
    summary: ClassVar = "turn the formatting at the cursor into an f-string"
    nothing: ClassVar = "string formatting here that an f-string says as well"
    example: ClassVar = Example(
        language="python",
        before='print($0"{} of {}".format(done, total))\n',
        after='print(f"{done} of {total}")\n',
    )

    def find(self, document: SyntaxDocument, range_: Range) -> list[Change]:
        """Look at the operations around the cursor."""
        return to_f_string(document, range_)


ACTION = ToFString()
