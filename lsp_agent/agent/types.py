"""What goes into a run and what comes out of it, as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lsp_agent.events import RunStatus
from lsp_agent.verify.promises import Promise
from lsp_agent.verify.types import Verdict
from lsp_agent.verify.words import remark
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import Range

Profile = Literal["direct", "tools", "auto"]
Answer = Literal["edit", "text", "any"]
HazardClass = Literal["low", "edit", "sandboxed", "risky", "always"]
Reply = Literal["allow", "run", "always", "refuse"]
"""Allowed once, for the rest of the run, for good in this folder; or not."""
AnswerForm = Literal[
    "rewrite",
    "changes",
    "docstring",
    "annotations",
    "commit",
    "conflict",
    "given",
    "rename",
    "signature",
    "move",
    "fix_all",
    "tests",
    "fix_test",
    "modernise",
    "review",
    "translate",
    "scaffold",
    "explain_edit",
    "optimise",
]


@dataclass(frozen=True, slots=True)
class DiagnosticNote:
    """A diagnostic of any server, as the client sent it with the request.

    ``fix`` is what its range is to be replaced by, where that is known already.
    """

    range: Range
    message: str
    severity: Literal["error", "warning", "information", "hint"] = "error"
    source: str = ""
    code: str = ""
    fix: str | None = None

    @property
    def fix_task(self) -> str:
        """What is asked to have it mended."""
        by = f" ({self.source} {self.code}".rstrip() + ")" if self.source else ""
        where = f"line {self.range.start.line + 1}"
        return f"Fix what is reported at {where}: {self.message}{by}. Change nothing else."


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the user stands: a path in the overlay, the selection, the diagnostics on it."""

    path: str
    range: Range | None = None
    diagnostics: tuple[DiagnosticNote, ...] = ()


@dataclass(frozen=True, slots=True)
class FileEdits:
    """Edits of one file that are known before the run, all of the text as it was then."""

    path: str
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A task for the agent.

    ``target`` is the stretch of the focused file that a direct answer replaces whole; in a
    ``bounded`` task nothing else of that file may change but its imports. ``scope`` lists the paths
    that may change, and ``None`` allows the whole workspace. ``answer`` says whether an edit, a
    text, or either is wanted. ``form`` is how the direct profile asks for an edit: the whole target
    rewritten, or a few lines (see :mod:`lsp_agent.agent.forms`). ``recent`` are files that were
    lately edited, the latest last; ``done`` those that an earlier run, which was cut off, has
    changed already. Without ``needs_model`` the answer is found by rule, and no model is loaded.
    ``edits`` are that answer in the form ``given``; ``argument`` is what the user chose or typed
    (a new name, an instruction), where the form wants to know. ``promises`` are what the function
    at the target's start keeps.
    """

    task: str
    focus: Focus | None = None
    target: Range | None = None
    scope: frozenset[str] | None = None
    answer: Answer = "any"
    form: AnswerForm = "rewrite"
    action: str = ""
    title: str = ""
    profile: Profile = "auto"
    session: str | None = None
    recent: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    bounded: bool = True
    needs_model: bool = True
    edits: tuple[FileEdits, ...] = ()
    argument: str = ""
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    ``changes`` is empty unless ``status`` is ``edited``; ``text`` is the model's last answer,
    ``summary`` one line for a person. ``verdicts`` are those of the edit's checks; ``confirmed``:
    the user was asked about the edit, with what it fails, and wants it.
    """

    run_id: str
    status: RunStatus
    summary: str
    text: str = ""
    changes: tuple[FileChange, ...] = field(default=())
    verdicts: tuple[Verdict, ...] = ()
    confirmed: bool = False

    @property
    def remark(self) -> str:
        """What is to be said before an edit is taken: which checks it fails; ``""`` for none."""
        return remark(self.verdicts) if self.status == "edited" else ""


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """What is asked before something risky happens, and the answers that may be given."""

    title: str
    detail: str
    tool: str = ""
    hazard: HazardClass = "risky"
    replies: tuple[Reply, ...] = ("allow", "refuse")


Ask = Callable[[ApprovalQuestion], Reply]
"""Asks the user and blocks the run's thread; no answer is a refusal."""
