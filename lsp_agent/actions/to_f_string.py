"""Write string formatting as an f-string."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example
from lsp_agent.refactor.strings import to_f_string


class ToFString(RuleAction):
    """`format` and `%` with a tuple, where each argument is formatted once and in order."""

    name: ClassVar = "to_f_string"
    kind: ClassVar = "refactor.rewrite.lspAgent.toFString"
    summary: ClassVar = "turn the formatting at the cursor into an f-string"
    nothing: ClassVar = "string formatting here that an f-string says as well"
    languages: ClassVar = ("Python",)
    example: ClassVar = Example(
        language="python",
        before='print($0"{} of {}".format(done, total))\n',
        after='print(f"{done} of {total}")\n',
    )

    find = staticmethod(to_f_string)


ACTION = ToFString()
