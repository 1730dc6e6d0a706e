"""What a tool is: a name, pydantic arguments, a hazard class and a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.question import Question
from lsp_agent.context.tokens import Count, estimate_tokens
from lsp_agent.engine.types import ToolSchema
from lsp_agent.errors import LspAgentError
from lsp_agent.index.service import CodeIndex
from lsp_agent.language_servers.types import Instruments
from lsp_agent.plugins import Guard, Plugins
from lsp_agent.store.notes import Notebook
from lsp_agent.tools.seen import Seen
from lsp_agent.vcs.commits import GitRules
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import Overlay

Hazard = Literal["low", "edit", "sandboxed", "risky", "always"]
"""``sandboxed`` runs the project's own programs in the sandbox; ``risky`` is asked about;
``always`` is, whatever was allowed before."""


class ToolError(LspAgentError):
    """A call that can't be carried out; the message goes to the model and says what would do."""

    code = "tool-failed"


class Arguments(BaseModel):
    """The base of every tool's arguments: unknown names are refused, none are coerced silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ExistingFile = Annotated[
    str,
    Field(
        description="file, relative to the workspace root",
        json_schema_extra={"format": "existing-file"},
    ),
]
SymbolName = Annotated[
    str,
    Field(
        description="name of the function, method or class, as in Class.method",
        json_schema_extra={"format": "symbol"},
    ),
]

A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may use.

    ``overlay`` is the run's view of the workspace, ``index`` its index, ``instruments`` are other
    language servers; the latter two where there are any. ``knowledge`` is what is kept of the
    folder between questions, ``at_hand`` the question that the run works on, ``count`` the tokens
    of a text, ``workshop`` where commands run, and ``None`` where nothing may, ``git`` what may be
    written in the repository, ``seen`` what the model was shown of files; without it no file has to
    be read before it is changed. ``plan`` is told the steps of the run, and which one of them (from
    1) is under way; ``notes`` is what was remembered of the folder, where it may be.
    """

    overlay: Overlay
    cancel: CancelToken
    index: CodeIndex | None = None
    instruments: Instruments | None = None
    knowledge: Knowledge | None = None
    at_hand: Question = field(default_factory=Question)
    count: Count = estimate_tokens
    workshop: Workshop | None = None
    git: GitRules = field(default_factory=GitRules)
    plan: Callable[[Sequence[str], int], None] = field(default=lambda _steps, _current: None)
    seen: Seen | None = None
    notes: Notebook | None = None


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """One tool. ``raw`` names the string arguments that travel as sentinel-ended raw blocks.

    ``runs_programs`` says that it needs a workshop, ``uses_notes`` a notebook; without one it is
    not offered. ``check`` raises
    :class:`ToolError` for arguments that can't be carried out, before anybody is asked about them.
    ``ordered`` is one of the class ``low`` that does more than read: where calls that read go side
    by side, it waits for those before it.
    """

    name: str
    description: str
    arguments: type[A]
    hazard: Hazard
    run: Callable[[ToolContext, A], str]
    example: Mapping[str, Any]
    raw: tuple[str, ...] = field(default=())
    runs_programs: bool = False
    uses_notes: bool = False
    check: Callable[[A], object] | None = None
    ordered: bool = False

    def schema(self) -> ToolSchema:
        """Describe the tool to a model."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        for prop in schema.get("properties", {}).values():
            prop.pop("title", None)
        return ToolSchema(self.name, self.description, schema)


def load_tools(warn: Callable[[str], None], plugins: Plugins | None = None) -> dict[str, Tool[Any]]:
    """Collect our tools and those of plugins; a broken plugin costs one warning."""
    plugins = plugins or Plugins(warn)
    return plugins.load("lsp_agent.tools", _unfit, _guarded)


def _unfit(value: object) -> str:
    if not isinstance(value, Tool):
        return f"{value!r:.80} is no Tool"
    arguments: object = value.arguments
    if isinstance(arguments, type) and issubclass(arguments, Arguments):
        return ""
    return f"the arguments of {value.name} are no Arguments"


def _guarded(tool: Tool[Any], guard: Guard) -> Tool[Any]:
    """Return a plugin's tool that fails as ours do: with words for the model, and once."""

    def run(context: ToolContext, arguments: Any) -> str:
        if guard.off:
            raise ToolError(f"{tool.name} is off; go on without it")
        try:
            return str(tool.run(context, arguments))
        except (Cancelled, LspAgentError):
            raise
        except (Exception, SystemExit) as error:
            raise ToolError(guard.failed(tool.name, error)) from error

    return replace(tool, run=run)
