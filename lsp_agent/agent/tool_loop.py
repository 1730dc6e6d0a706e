"""The ``tools`` profile: look, edit and check in steps, until nothing is left to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lsp_agent.agent.acting import Acting, as_written, symbol_names
from lsp_agent.agent.calls import edit_blocks, recognised
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.direct import Piece, apply_code, piece_of
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.finishing import PLAN_TOOL, Finishing, is_staged
from lsp_agent.agent.formats import extract_code
from lsp_agent.agent.grammar import MAX_PATHS, tool_grammar
from lsp_agent.agent.query import Answer, Budget, LimitError, ask_engine
from lsp_agent.agent.recall import recall
from lsp_agent.agent.related import tool_context
from lsp_agent.agent.task_prompt import system_prompt, task_prompt
from lsp_agent.agent.todo import Todo
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.context.untrusted import unguarded
from lsp_agent.engine.types import ContextOverflowError, Message, ToolCall, ToolSchema
from lsp_agent.tools.spec import Tool
from lsp_agent.verify.types import Verdict

_MAX_PROBLEMS = 3


def offered(run: Run) -> dict[str, Tool[Any]]:
    """Return the tools of a run: whoever asks for one thing at the cursor needs no plan."""
    staged = is_staged(run)
    return {name: tool for name, tool in run.env.tools.items() if staged or name != PLAN_TOOL}


class ToolLoop:
    """One run of the loop; :meth:`run` loops over :meth:`step`."""

    def __init__(self, run: Run, budget: Budget) -> None:
        self._todo = Todo(run.env.events, run.env.progress)
        self._run = run = replace(run, env=replace(run.env, progress=self._todo.progress))
        self._budget = budget
        self._native = run.info.native_tools
        tools = offered(run)
        context = replace(tool_context(run), plan=self._todo.take)
        self._problems = 0
        self._refined = 0
        self._nudged = False
        self._conversation = Conversation(
            run,
            Message("system", system_prompt(run, tools.values())),
            Message("user", task_prompt(run, context)),
            lambda budget: recall(run, self._todo, self._acting.seen, budget),
        )
        self._acting = Acting(run, tools, context, self._conversation)
        self._finishing = Finishing(run, budget, self._todo)

    def run(self) -> str:
        """Work until the model is done or a limit is reached; return its last words, and a report.

        Raises :class:`RejectedError`, :class:`RunFailedError`, and what the engine raises.
        """
        while True:
            try:
                words = self.step()
            except LimitError as error:
                return self._cut_off(error)
            except RunFailedError:
                if not self._acting.made_already:
                    raise
                # It goes in circles over an edit that it made: so it is done.
                words = self._finish("", cut_off=False)
            if words is not None:
                return words

    def step(self) -> str | None:
        """Ask for one answer and act on it; return the last words when the run is done."""
        answer = self._ask()
        parsed = answer.parsed
        native = bool(answer.tool_calls)
        calls = as_written(answer.tool_calls or self._numbered(parsed.calls))
        calls = recognised(self._run, calls)
        text = unguarded(answer.text.strip() if native else parsed.text)
        self._conversation.answer(answer.said.content, answer.said.tool_calls)
        if calls:
            if text:
                self._run.env.events.emit("plan", text=text)
            self._acting.carry_out(calls, native=native)
        elif not parsed.problems and self._took_blocks(
            unguarded(answer.text), cut_off=answer.cut_off
        ):
            return None
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
            [tool.schema() for tool in self._acting.offered.values()] if self._native else ()
        )
        grammar = self._grammar() if self._run.info.grammar and not self._native else None
        while True:
            try:
                return ask_engine(
                    self._run,
                    self._budget,
                    self._conversation.messages,
                    tools=schemas,
                    grammar=grammar,
                )
            except ContextOverflowError:
                # A server counts the schemas of the tools, and by its own tokenizer.
                if not self._conversation.shrink():
                    raise

    def _took_blocks(self, text: str, *, cut_off: bool) -> bool:
        """Make the edits that an answer holds as blocks, all or none; return whether it had any."""
        found = edit_blocks(self._run, text, cut_off=cut_off)
        if found.problems:
            self._complain("\n".join(found.problems))
            return True
        overlay = self._run.env.overlay
        clean = overlay.snapshot()
        made = self._acting.carry_out(recognised(self._run, found.calls), native=False)
        if not all(one.ok for one in made):
            overlay.restore(clean)
            self._run.env.keep(overlay.changes())
            if len(made) > 1:
                self._conversation.observe("None of your edits was made; give all of them again.")
        return bool(made)

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
        missing = self._finishing.missing()
        if missing:
            self._conversation.observe(missing)
            return None
        detail = describe(verify(run)) if run.env.overlay.changes() else ""
        if not detail:
            return self._finishing.report(text)
        if self._refined >= run.env.settings.agent.refine_passes:
            give_up(run, f"the edit did not pass the checks: {detail}")
            return self._finishing.report(text)
        self._refined += 1
        self._conversation.observe(f"{detail}\nMend this.")
        return None

    def _cut_off(self, error: LimitError) -> str:
        """Offer what was done at a limit, if it passes the checks; it is asked about in any case.

        Raises the error where there is nothing to offer.
        """
        run = self._run
        if not run.env.overlay.changes() or verify(run):
            raise error
        run.env.events.emit("error", code=error.code, message=str(error))
        run.proof.verdicts += (Verdict("finished", ok=False, detail=str(error)),)
        return self._finishing.report(f"Cut off: {error}")

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
        known = [path for path in sorted(self._acting.seen) if overlay.exists(path)]
        symbols = {path: symbol_names(overlay, path) for path in known}
        return tool_grammar(
            self._acting.offered.values(), [*known, *(p for p in paths if p not in known)], symbols
        )
