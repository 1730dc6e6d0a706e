"""Knowing the workspace: what a question is about, the map of it all, and finding by meaning."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from lsp_agent.context.assemble import build_context
from lsp_agent.context.finding import find, reasons_of
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.overview import leaned_on, overview
from lsp_agent.context.passages import passages_of
from lsp_agent.context.question import Question
from lsp_agent.context.repo_map import repo_map
from lsp_agent.index.view import IndexView
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError

_READY_SECONDS, _VECTOR_SECONDS = 20.0, 5.0
_WHY, _WHY_TOKENS = 2, 60


class GetContext(Arguments):
    """Arguments of ``get_context``."""

    query: str = Field(description="a task or a question, or names of symbols and files")
    tokens: int = Field(2000, ge=1, le=16_000, description="most tokens of the answer")


class SummarizeCodebase(Arguments):
    """Arguments of ``summarize_codebase``."""

    tokens: int = Field(1500, ge=1, le=16_000, description="most tokens of the answer")


class SemanticSearch(Arguments):
    """Arguments of ``semantic_search``."""

    query: str = Field(description="what the code that you look for does")
    limit: int = Field(10, ge=1, le=50, description="most places to show")


def _get_context(context: ToolContext, arguments: GetContext) -> str:
    view, knowledge = _view(context), _knowledge(context)
    question = replace(context.at_hand, text=arguments.query, shown=frozenset(), used=frozenset())
    room = arguments.tokens - (_WHY_TOKENS if arguments.tokens >= 8 * _WHY_TOKENS else 0)
    made = build_context(
        question,
        view,
        room,
        context.count,
        knowledge,
        with_map=False,
        check=context.cancel.check,
    )
    if not made.pieces:
        return "nothing in the workspace fits the query and the tokens; try other words"
    text = f"{made.text}\n\n[why] {'; '.join(made.reasons[:_WHY])}"
    return text if context.count(text) <= arguments.tokens else made.text


def _summarize_codebase(context: ToolContext, arguments: SummarizeCodebase) -> str:
    view = _view(context)
    facts = overview(view).text()
    room = arguments.tokens - context.count(facts)
    if room < 0:
        raise ToolError(f"{arguments.tokens} tokens are too few; ask for at least 300")
    made = repo_map(view, room * 9 // 10, context.count, check=context.cancel.check)
    leaned = leaned_on(made)
    parts = [
        facts,
        f"Most leaned on: {', '.join(leaned)}" if leaned else "",
        f"The map, {len(made.files)} of {made.known} files:\n{made.text}" if made.text else "",
    ]
    texts = ["\n\n".join(part for part in parts[:end] if part) for end in (3, 2, 1)]
    return next((one for one in texts if context.count(one) <= arguments.tokens), facts) or (
        "there is no file in this workspace"
    )


def _semantic_search(context: ToolContext, arguments: SemanticSearch) -> str:
    if not arguments.query.strip():
        raise ToolError("the query is empty; say what the code does")
    view, knowledge = _view(context), _knowledge(context)
    semantic = knowledge.semantic
    if semantic is None:
        note = "no embedding model is set (routes.embedding): found by words, not by meaning"
        return _by_words(context, view, knowledge, arguments, note)
    semantic.refresh()
    semantic.wait(_VECTOR_SECONDS)
    hits = semantic.nearest(view, arguments.query, arguments.limit, context.cancel)
    if not hits:
        said = semantic.note or "there are no vectors yet"
        return _by_words(
            context, view, knowledge, arguments, f"found by words, not by meaning: {said}"
        )
    done, known = semantic.progress()
    outlines = view.outlines(hit.path for hit in hits)
    rows = []
    for hit in hits:
        row = next((one for one in outlines[hit.path] if one.start_line == hit.start_line), None)
        said = row.signature.rstrip(" :{") if row else ""
        rows.append(f"{hit.path}:{hit.start_line + 1}: {said}  ({hit.likeness:.2f})")
    if done < known:
        rows.append(f"[{done} of {known} passages have vectors so far; ask again for the rest]")
    return "\n".join(rows)


def _by_words(
    context: ToolContext,
    view: IndexView,
    knowledge: Knowledge,
    arguments: SemanticSearch,
    note: str,
) -> str:
    question = Question(arguments.query)
    findings = find(question, view, Knowledge(knowledge.root))
    context.cancel.check()
    rows = [
        f"{one.path}:{one.start + 1}: {one.signature or one.lines[0].strip()[:120]}  "
        f"({reasons_of(one.reasons)[0]})"
        for one in passages_of(question, findings, view)[: arguments.limit]
    ]
    return "\n".join([*(rows or ["nothing fits these words"]), f"[{note}]"])


def _view(context: ToolContext) -> IndexView:
    if context.index is None:
        raise ToolError("there is no index here (index.enabled); use grep_search and search_files")
    if not context.index.ready(_READY_SECONDS, context.cancel.check):
        note = context.index.status().note
        raise ToolError(note or "the index is still being built; use grep_search meanwhile")
    return context.index.view(context.overlay)


def _knowledge(context: ToolContext) -> Knowledge:
    return context.knowledge or Knowledge(context.overlay.root)


TOOLS = (
    Tool(
        name="get_context",
        description="Show the code that a task or a question is about, chosen from all files.",
        arguments=GetContext,
        hazard="low",
        run=_get_context,
        example={"query": "where are settings read from the workspace file", "tokens": 2000},
    ),
    Tool(
        name="summarize_codebase",
        description="Show languages, entry points, tests and a map of the most used files.",
        arguments=SummarizeCodebase,
        hazard="low",
        run=_summarize_codebase,
        example={"tokens": 1500},
    ),
    Tool(
        name="semantic_search",
        description="Find code by what it does, in other words than its own.",
        arguments=SemanticSearch,
        hazard="low",
        run=_semantic_search,
        example={"query": "retry a request after a failure", "limit": 10},
    ),
)
