"""The ``tools`` profile: look, edit and check in steps, until nothing is left to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lsp_agent.agent.approvals import call_approved
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.direct import Piece, apply_code, diagnostics_of, piece_of
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.formats import extract_code
from lsp_agent.agent.grammar import MAX_PATHS, tool_grammar
from lsp_agent.agent.prompts import prompt
from lsp_agent.agent.query import Answer, Budget, answer_tokens, ask_engine
from lsp_agent.agent.related import related, tool_context
from lsp_agent.agent.remembered import remembered
from lsp_agent.agent.repeats import RepeatGuard
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.context.builder import focus_lines, whole_file, workspace_facts
from lsp_agent.context.untrusted import guarded, remark, unguarded
from lsp_agent.engine.types import Message, ToolCall, ToolSchema
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tools.call import ToolOutcome
from lsp_agent.tools.spec import Tool
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.text import Text

_MAX_PROBLEMS = 3
_PREVIEW = 400
_RELATED_SHARE = 8


class ToolLoop:
    """One run of the loop; :meth:`run` loops over :meth:`step`."""

    def __init__(self, run: Run, budget: Budget) -> None:
        self._run = run
        self._budget = budget
        self._native = run.info.native_tools
        self._tools: dict[str, Tool[Any]] = dict(run.env.tools)
        self._context = tool_context(run)
        self._repeats = RepeatGuard()
        self._problems = 0
        self._refined = 0
        self._nudged = False
        self._seen: set[str] = {run.request.focus.path} if run.request.focus else set()
        self._conversation = Conversation(
            run, Message("system", self._system()), Message("user", self._task())
        )

    def run(self) -> str:
        """Work until the model is done; return its last words.

        Raises :class:`RejectedError`, :class:`RunFailedError`, and what the engine raises.
        """
        while True:
            words = self.step()
            if words is not None:
                return words

    def step(self) -> str | None:
        """Ask for one answer and act on it; return the last words when the run is done."""
        answer = self._ask()
        parsed = answer.parsed
        native = bool(answer.tool_calls)
        calls = as_written(answer.tool_calls or self._numbered(parsed.calls))
        text = unguarded(answer.text.strip() if native else parsed.text)
        self._conversation.answer(answer.said.content, answer.said.tool_calls)
        if calls:
            if text:
                self._run.env.events.emit("plan", text=text)
            for call in calls:
                self._act(call, native=native)
        if parsed.problems and not native:
            self._complain("\n".join(parsed.problems))
        elif calls:
            self._problems = 0
        else:
            return self._finish(text, cut_off=answer.cut_off)
        return None

    def _ask(self) -> Answer:
        self._conversation.fit()
        schemas: Sequence[ToolSchema] = (
            [tool.schema() for tool in self._tools.values()] if self._native else ()
        )
        grammar = self._grammar() if self._run.info.grammar and not self._native else None
        return ask_engine(
            self._run, self._budget, self._conversation.messages, tools=schemas, grammar=grammar
        )

    def _act(self, call: ToolCall, *, native: bool) -> None:
        events = self._run.env.events
        events.emit("tool_call", id=call.id, name=call.name, arguments=dict(call.arguments))
        warning = self._repeats.note(call)
        outcome = self._carry_out(call)
        events.emit(
            "tool_result",
            id=call.id,
            ok=outcome.ok,
            preview=outcome.text[:_PREVIEW],
            truncated=outcome.truncated or len(outcome.text) > _PREVIEW,
        )
        if outcome.ok and isinstance(path := call.arguments.get("path"), str):
            self._seen.add(path)
        self._conversation.result(call, self._as_data(call, outcome.text) + warning, native=native)

    def _as_data(self, call: ToolCall, text: str) -> str:
        """Return a result as the model may see it; say what in it speaks to the model."""
        said = remark(text)
        if said:
            where = call.arguments.get("path") or call.name
            self._run.env.events.emit(
                "verification", check="instructions", ok=True, detail=f"{where}: {said}"
            )
        return "\n".join(part for part in (guarded(text), said) if part)

    def _carry_out(self, call: ToolCall) -> ToolOutcome:
        tool = self._tools.get(call.name)
        self._run.env.progress(call.name, None)
        outcome = call_approved(self._run, self._tools, call.name, call.arguments, self._context)
        if tool is not None:
            self._remember(tool, outcome)
        return outcome

    def _remember(self, tool: Tool[Any], outcome: ToolOutcome) -> None:
        env = self._run.env
        if outcome.code == OutsideRootError.code:
            env.note("path_refused", {"tool": tool.name, "why": outcome.text})
        if outcome.ok and tool.hazard == "edit":
            self._repeats.edited()
            env.keep(env.overlay.changes())

    def _complain(self, problem: str) -> None:
        """Tell the model what was wrong with its answer; give up after some in a row."""
        self._problems += 1
        self._run.env.events.emit("error", code="malformed-answer", message=problem)
        if self._problems >= _MAX_PROBLEMS:
            raise RunFailedError(
                f"the model's tool calls can't be read, {self._problems} times in a row: {problem}",
                "malformed-answer",
            )
        self._conversation.observe(problem)

    def _finish(self, text: str, *, cut_off: bool) -> str | None:
        """Check what was done; return the last words, or ``None`` when there is more to do."""
        run = self._run
        if not run.env.overlay.changes() and run.request.answer == "edit":
            self._take_code(text, cut_off=cut_off)
            if not run.env.overlay.changes() and not self._nudged:
                self._nudged = True
                self._conversation.observe(
                    "No file was changed. Make the edit with a tool, or say why none is needed."
                )
                return None
        detail = describe(verify(run)) if run.env.overlay.changes() else ""
        if not detail:
            return text
        if self._refined >= run.env.settings.agent.refine_passes:
            give_up(run, f"the edit did not pass the checks: {detail}")
            return text
        self._refined += 1
        self._conversation.observe(f"{detail}\nMend this.")
        return None

    def _take_code(self, text: str, *, cut_off: bool) -> None:
        """Accept a code block instead of a call, where it is clear what it replaces."""
        code = None if cut_off else extract_code(text)
        if code is not None and self._run.request.target is not None:
            piece: Piece = piece_of(self._run)
            apply_code(self._run, piece, code)

    def _numbered(self, calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
        """Give calls that were read from text ids that are unique in the run."""
        return tuple(
            ToolCall(f"step{self._budget.steps}_{index}", call.name, call.arguments)
            for index, call in enumerate(calls)
        )

    def _grammar(self) -> str:
        overlay = self._run.env.overlay
        paths = []
        for path in overlay.walk():
            paths.append(path)
            if len(paths) >= MAX_PATHS:
                break
        known = [path for path in sorted(self._seen) if overlay.exists(path)]
        symbols = {path: self._symbols(path) for path in known}
        return tool_grammar(
            self._tools.values(), [*known, *(p for p in paths if p not in self._seen)], symbols
        )

    def _symbols(self, path: str) -> list[str]:
        try:
            content = self._run.env.overlay.read(path)
        except UnreadableFileError:
            return []
        symbols = SyntaxDocument.read(path, content).symbols()
        return list(dict.fromkeys(symbol.qualified_name for symbol in symbols))[:200]

    def _system(self) -> str:
        if self._native:
            return prompt("tools")
        rows = [_describe(tool) for tool in self._tools.values()]
        return "\n\n".join([prompt("tools"), prompt("calls") + "\n" + "\n".join(rows)])

    def _task(self) -> str:
        run = self._run
        room = run.info.n_ctx - answer_tokens(run)
        found = related(run, self._context.at_hand, room // _RELATED_SHARE)
        parts = [workspace_facts(run.env.overlay, run.env.settings.style)]
        if found.head:
            parts.append(found.head)
        focus = run.request.focus
        if focus is not None:
            text = Text(run.env.overlay.read(focus.path))
            budget = (run.info.n_ctx - answer_tokens(run)) // 3
            count = run.env.engine.count_tokens
            line = focus.range.start.line if focus.range else None
            parts.append(whole_file(focus.path, text, line, budget, count))
            parts.append(focus_lines(text, focus.range, focus.path))
            notes = diagnostics_of(run, text)
            if notes:
                parts.append(f"Reported there:\n{notes}")
        if found.body:
            parts.append(found.body)
        data = "\n\n".join(parts)
        said = remark(data)
        if said:
            run.env.events.emit("verification", check="instructions", ok=True, detail=said)
        asked = f"Task: {run.request.task}"
        names = ", ".join(run.request.done)
        left = f"Work on this was cut off. Changed already: {names}. Go on from there."
        ends = (asked, left if names else "")
        before = remembered(run)
        return "\n\n".join(part for part in (guarded(data), said, before, *ends) if part)


def as_written(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Return calls with their arguments as the files have them, see :func:`guarded`."""
    return tuple(replace(call, arguments=_unguarded(call.arguments)) for call in calls)


def _unguarded(value: Any) -> Any:
    if isinstance(value, str):
        return unguarded(value)
    if isinstance(value, Mapping):
        return {key: _unguarded(one) for key, one in value.items()}
    return [_unguarded(one) for one in value] if isinstance(value, list) else value


def _describe(tool: Tool[Any]) -> str:
    schema = tool.schema().parameters
    required = schema.get("required", ())
    header = [
        key if key in required else f"{key}?"
        for key in schema.get("properties", {})
        if key not in tool.raw
    ]
    blocks = "".join(f" <<<{key}" for key in tool.raw)
    return f"- {tool.name}({', '.join(header)}){blocks}: {tool.description}"
