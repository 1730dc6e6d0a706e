"""Carrying out the calls of an answer, with events; calls that only read go side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lsp_agent.agent.approvals import call_approved
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import Run
from lsp_agent.agent.repeats import RepeatGuard, Ways
from lsp_agent.agent.spellings import BadCallError, as_object
from lsp_agent.context.untrusted import guarded, remark, unguarded
from lsp_agent.engine.types import ToolCall
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tools.call import ToolOutcome
from lsp_agent.tools.matching.ladder import AlreadyMadeError
from lsp_agent.tools.spec import Tool, ToolContext
from lsp_agent.workspace.errors import OutsideRootError, WorkspaceError
from lsp_agent.workspace.overlay import Overlay

_PREVIEW = 400
_WORDS = 120


class Acting:
    """Carries out calls of one run, and puts their results into its conversation.

    ``seen`` are the paths that were named in calls that went well, the latest last;
    ``made_already`` says that the last call asked for an edit that stands there.
    """

    def __init__(
        self,
        run: Run,
        tools: Mapping[str, Tool[Any]],
        context: ToolContext,
        conversation: Conversation,
    ) -> None:
        self._run = run
        self._tools = tools
        self._context = context
        self._conversation = conversation
        self._repeats = RepeatGuard()
        self._ways = Ways(tools)
        focus = run.request.focus
        self.seen: dict[str, None] = {focus.path: None} if focus else {}
        self.made_already = False

    @property
    def offered(self) -> dict[str, Tool[Any]]:
        """The tools that the model may call next."""
        closed = self._ways.closed
        return {name: tool for name, tool in self._tools.items() if name not in closed}

    def carry_out(self, calls: Sequence[ToolCall], *, native: bool) -> list[ToolOutcome]:
        """Carry out calls as if one after the other; return what came of each.

        Raises :class:`RunFailedError` when the model goes in circles, and ``Cancelled``.
        """
        done: list[ToolOutcome] = []
        for batch in self._batches(calls):
            warnings = [self._begin(call) for call in batch]
            outcomes = self._do(batch)
            for call, warning, outcome in zip(batch, warnings, outcomes, strict=True):
                self._end(call, outcome, warning, native=native)
            done += outcomes
        return done

    def _batches(self, calls: Sequence[ToolCall]) -> Iterator[list[ToolCall]]:
        """Yield the calls in order: those in a row that only read together, all others alone."""
        most = self._run.env.settings.agent.parallel_reads
        batch: list[ToolCall] = []
        for call in calls:
            if batch and not (self._reads(batch[-1]) and self._reads(call) and len(batch) < most):
                yield batch
                batch = []
            batch.append(call)
        if batch:
            yield batch

    def _reads(self, call: ToolCall) -> bool:
        tool = self._tools.get(call.name)
        return tool is not None and tool.hazard == "low" and not tool.ordered

    def _begin(self, call: ToolCall) -> str:
        arguments = dict(call.arguments)
        self._run.env.events.emit("tool_call", id=call.id, name=call.name, arguments=arguments)
        return self._repeats.note(call)

    def _do(self, batch: Sequence[ToolCall]) -> list[ToolOutcome]:
        self._run.env.progress(", ".join(map(_words, batch)), None)
        if len(batch) == 1:
            return [self._call(batch[0])]
        with ThreadPoolExecutor(len(batch), "reading") as pool:
            return list(pool.map(self._call, batch))

    def _call(self, call: ToolCall) -> ToolOutcome:
        if refusal := self._ways.refusal(call):
            return ToolOutcome(ok=False, text=f"error: {refusal}")
        return call_approved(self._run, self._tools, call.name, call.arguments, self._context)

    def _end(self, call: ToolCall, outcome: ToolOutcome, warning: str, *, native: bool) -> None:
        self._run.env.events.emit(
            "tool_result",
            id=call.id,
            ok=outcome.ok,
            preview=outcome.text[:_PREVIEW],
            truncated=outcome.truncated or len(outcome.text) > _PREVIEW,
        )
        self._remember(call, outcome)
        self.made_already = outcome.code == AlreadyMadeError.code
        if not outcome.ok and not self.made_already:
            warning += self._change_ways(call, outcome)
        self._conversation.result(call, self._as_data(call, outcome.text) + warning, native=native)

    def _remember(self, call: ToolCall, outcome: ToolOutcome) -> None:
        env, tool = self._run.env, self._tools.get(call.name)
        if tool is not None and outcome.code == OutsideRootError.code:
            env.note("path_refused", {"tool": tool.name, "why": outcome.text})
        if not outcome.ok:
            return
        if isinstance(path := call.arguments.get("path"), str):
            self.seen.pop(path, None)
            self.seen[path] = None
        if tool is not None and tool.hazard == "edit":
            self._repeats.edited()
            self._ways.edited(call.arguments.get("path"))
            env.keep(env.overlay.changes())

    def _change_ways(self, call: ToolCall, outcome: ToolOutcome) -> str:
        """Take another way of editing after two equal failures; tell of it."""
        path = call.arguments.get("path")
        symbols = isinstance(path, str) and bool(symbol_names(self._run.env.overlay, path))
        told = self._ways.failed(call, outcome.text, symbols=symbols)
        if told:
            self._run.env.events.emit("plan", text=told)
        return f"\n{told}" if told else ""

    def _as_data(self, call: ToolCall, text: str) -> str:
        """Return a result as the model may see it; say what in it speaks to the model."""
        said = remark(text)
        if said:
            where = call.arguments.get("path") or call.name
            self._run.env.events.emit(
                "verification", check="instructions", ok=True, detail=f"{where}: {said}"
            )
        return "\n".join(part for part in (guarded(text), said) if part)


def as_written(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Return calls with their arguments as the files have them, see :func:`guarded`."""
    return tuple(replace(call, arguments=_unguarded(_decoded(call.arguments))) for call in calls)


def _decoded(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return native arguments that were no JSON, where what they mean can be told."""
    text = arguments.get("")
    if len(arguments) == 1 and isinstance(text, str) and text.strip():
        with suppress(BadCallError):
            return as_object(text)
    return arguments


def _unguarded(value: Any) -> Any:
    if isinstance(value, str):
        return unguarded(value)
    if isinstance(value, Mapping):
        return {key: _unguarded(one) for key, one in value.items()}
    return [_unguarded(one) for one in value] if isinstance(value, list) else value


def symbol_names(overlay: Overlay, path: str) -> list[str]:
    """Return the names of a file's definitions, at most 200; none of one that can't be read."""
    try:
        content = overlay.read(path)
    except WorkspaceError:
        return []
    symbols = SyntaxDocument.read(path, content).symbols()
    return list(dict.fromkeys(symbol.qualified_name for symbol in symbols))[:200]


def _words(call: ToolCall) -> str:
    path = call.arguments.get("path")
    words = f"{call.name} {path}" if isinstance(path, str) else call.name
    return words[:_WORDS]
