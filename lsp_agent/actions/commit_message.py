"""Write a commit message."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.spec import BaseAction, Example, Offer, Place, Reach
from lsp_agent.agent.types import Answer, RunRequest

_FILE, _TITLE = "COMMIT_EDITMSG", "Write the commit message"


class CommitMessage(BaseAction):
    """A subject and a body for what is staged, else for what is changed, as text.

    On the command line any file of the repository names it. Without a model of general use the
    files are named.
    """

    name: ClassVar = "commit_message"
    kind: ClassVar = "source.lspAgent.commitMessage"
    summary: ClassVar = "write a commit message for what is staged, else for what is changed"
    answer: ClassVar[Answer] = "text"
    reach: ClassVar[Reach] = "workspace"
    needs_folder: ClassVar = True
    example: ClassVar = Example(
        language="markdown",
        before=f"#- {_FILE}\n$0\n# Please enter the commit message for your changes.\n",
        after="Count each item once\n\nSums were too large where an item was listed twice.",
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it in the file that git has a message written in."""
        named = place.path.rpartition("/")[2] == _FILE
        return [Offer(_TITLE, needs_model=False)] if named else []

    def request(self, place: Place, argument: str) -> RunRequest:  # noqa: ARG002 - the protocol has it
        """Ask for the message of the repository that the place lies in."""
        return self.by_rule(place, _TITLE, "commit")


ACTION = CommitMessage()
