"""The doctor's look at the sandbox: which there is, what it holds, what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lsp_agent.cli.checks import Check
from lsp_agent.cli.context import CliContext


def sandbox(context: CliContext, folder: Path) -> Iterator[Check]:
    """Yield the check of the sandbox that a folder's settings choose."""
    from lsp_agent.sandbox.choose import ABILITIES, find_sandbox, mend

    every = context.load(folder).settings
    settings = every.sandbox
    # What is wrong with a plugin is told in a row of its own.
    found, remarks = find_sandbox(settings, os.environ, context.plugins(every, lambda _: None))
    if found is None:
        yield Check("sandbox", False, "; ".join(remarks), mend(settings))
        return
    held = ", ".join(one for one in ABILITIES if one in found.abilities)
    whole = set(ABILITIES) <= found.abilities
    # Where one holds everything, it is no matter which others are not there.
    detail = "; ".join([f"{found.name} holds {held or 'nothing'}", *([] if whole else remarks)])
    yield Check("sandbox", whole, detail, mend(settings))
