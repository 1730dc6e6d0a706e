"""What the checks said of a run's edit so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_agent.verify.lint import StyleChecks
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import OverlayState


@dataclass(slots=True)
class Proof:
    """Kept for one run, by its thread.

    ``verdicts`` are those of the last attempt. ``offered`` is the last attempt that failed, but may
    be offered with a remark, with its verdicts; ``styles`` asks the project's linters. ``goal``
    says whether an edit that is sound does what this run is for, where a program can tell.
    ``confirmed``: the user was shown the edit with what it fails, and wants it.
    """

    verdicts: tuple[Verdict, ...] = ()
    offered: tuple[OverlayState, tuple[Verdict, ...]] | None = None
    styles: StyleChecks | None = None
    confirmed: bool = False
    goal: Callable[[], tuple[Verdict, ...]] | None = None
