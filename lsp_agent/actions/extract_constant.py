"""Give the selected literal a name at the top of the file."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.spec import Example, Spot
from lsp_agent.refactor.extract_constant import extract_constant


class ExtractConstant(RuleAction):
    """A constant behind the imports, for one literal or for all that are equal."""

    name: ClassVar = "extract_constant"
    kind: ClassVar = "refactor.extract.lspAgent.constant"
    summary: ClassVar = "put the selected literal into a constant of the file"
    suits: ClassVar[frozenset[Spot]] = frozenset({"selection"})
    nothing: ClassVar = "literal selected here"
    example: ClassVar = Example(
        language="python",
        before="import time\n\n\ndef wait(days):\n    time.sleep(days * «86400»)\n",
        after="import time\n\nNUMBER = 86400\n\n\ndef wait(days):\n    time.sleep(days * NUMBER)\n",
    )

    find = staticmethod(extract_constant)


ACTION = ExtractConstant()
