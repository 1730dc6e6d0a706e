"""The page ``docs/actions.md``: ``python -m tests.actions.page`` makes it of the catalogue."""

from __future__ import annotations

import inspect
from pathlib import Path

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.catalogue import ACTIONS
from lsp_agent.actions.menu import MOST
from lsp_agent.actions.spec import Action
from tests.actions.test_actions import place_of

PAGE = Path(__file__).parents[2] / "docs" / "actions.md"
_FAMILIES = {
    "quickfix": "Quick fixes",
    "refactor.extract": "Extract",
    "refactor.inline": "Inline",
    "refactor.rewrite": "Rewrite, explain, review",
    "source": "Of the whole file, and new files",
}
_ASKING = ("fix_all", "signature")
"""The forms of runs that load a model only when they come to need it."""
_INTRO = f"""\
# Actions

<!-- Made of the catalogue by: python -m tests.actions.page -->

What can be asked for at a place in a file. In an editor these are code actions; they are listed by
the syntax tree alone, without a model. A menu shows at most {MOST} of them, besides quick fixes:
those that suit the selection, the definition's name or the line come first. Where an editor asks
for a kind (`only`), all of that kind are shown.

On the command line: `lsp-agent action NAME FILE:LINE`, with `--instruction TEXT` for what is
typed, and `--apply` to write the result.

Every edit passes the checks that the settings ask for before it is offered (scope, syntax, the
project's formatter and linter, diagnostics of other language servers, tests), whoever made it.
"Proof" is what there is besides.
"""


def page() -> str:
    """Return the page's text."""
    parts = [_INTRO]
    for prefix, title in _FAMILIES.items():
        family = [one for one in ACTIONS if one.kind.startswith(prefix)]
        if family:
            parts.append(f"## {title}\n")
            parts += [_section(one) for one in family]
    return "\n".join(parts)


def _section(action: Action) -> str:
    example = action.example
    notes = [
        f"Kind: `{action.kind}`",
        _way(action),
        "May change any file" if action.reach == "workspace" else "Changes this file only",
    ]
    if action.answer == "text":
        notes[-1] = "Answers with a text"
    if isinstance(action, RuleAction):
        notes.append(f"Languages: {', '.join(action.languages)}")
    if action.proof:
        notes.append(f"Proof: {action.proof}")
    said = [f"Reported there: {example.diagnostic}\n"] if example.diagnostic else []
    after = (
        example.after if action.answer == "text" else _fenced(example.language, example.after)
    ).rstrip("\n")
    if action.answer == "text":
        after = "\n".join(f"> {line}".rstrip() for line in after.splitlines())
    return "\n".join(
        [
            f"### `{action.name}`\n",
            f"{action.summary[:1].upper()}{action.summary[1:]}.\n",
            f"{inspect.cleandoc(type(action).__doc__ or '')}\n",
            "\n".join(f"* {note}" for note in notes) + "\n",
            *said,
            f"{_fenced(example.language, example.before)}\n",
            "becomes" if action.answer != "text" else "is answered with",
            f"\n{after}\n",
        ]
    )


def _way(action: Action) -> str:
    """Say whether a model is asked; what an example shows is offered at its place."""
    _, place = place_of(action)
    offers = action.offers(place)
    if any(offer.needs_model for offer in offers):
        return "Asks a model"
    request = action.request(place, action.example.argument or offers[0].argument)
    if request.form == "commit":
        return "Asks a model, where there is one"
    if request.form in _ASKING:
        return "By rule; a model is asked where that is not enough"
    return "By rule: no model is asked"


def _fenced(language: str, text: str) -> str:
    """Return text as a block; ``$0`` stands for the cursor as ``▮``."""
    marked = text.replace("$0", "▮").rstrip("\n")
    return f"```{language}\n{marked}\n```"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
