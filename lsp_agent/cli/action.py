"""``lsp-agent action``: one code action without an editor, by the editor's own code path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lsp_agent.cli.context import CliContext, pass_context
from lsp_agent.cli.options import chosen_output, consent_options, output_options
from lsp_agent.cli.runner import Consent

if TYPE_CHECKING:
    from lsp_agent.actions.spec import Action, Place
    from lsp_agent.agent.types import DiagnosticNote, RunRequest
    from lsp_agent.syntax.document import SyntaxDocument
    from lsp_agent.workspace.positions import Range


class _Command(click.Command):
    """Its help lists the actions, which are imported for that only."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the actions that ship."""
        from lsp_agent.actions.catalogue import ACTIONS

        with formatter.section("Actions"):
            formatter.write_dl([(one.name, one.summary) for one in ACTIONS])


@click.command("action", cls=_Command)
@click.argument("kind")
@click.argument("place", metavar="FILE[:L[:C][-L[:C]]]")
@click.option(
    "--instruction",
    metavar="TEXT",
    help="What is typed: what `edit` is to do, a name for `rename`, a question for `explain`.",
)
@click.option(
    "--message",
    "messages",
    multiple=True,
    metavar="TEXT",
    help="The diagnostic that `fix` is to mend, as a linter or compiler words it.",
)
@output_options
@consent_options
@pass_context
def command(
    context: CliContext,
    kind: str,
    place: str,
    instruction: str | None,
    messages: tuple[str, ...],
    as_diff: bool,
    as_apply: bool,
    as_json: bool,
    consent: Consent,
) -> int:
    """Take a code action at a place and print its edit as a diff.

    KIND is the name of an action (they are listed below) or its full kind, as in
    refactor.rewrite.lspAgent.document. Without --message, `fix` mends the syntax errors there.
    Lines and columns count from 1, columns in characters.
    """
    from lsp_agent.cli.focus import inside
    from lsp_agent.cli.places import parse_place
    from lsp_agent.cli.runner import carry_out, workspace_of
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root

    mode = chosen_output(as_diff=as_diff, as_apply=as_apply, as_json=as_json)
    spec = parse_place(place)
    root = Root(workspace_of(spec.path))
    path = inside(root, spec.path)
    with context.app(root.path) as app:
        action = _find(app.actions, kind)
        scope = frozenset({path}) if action.reach == "file" else None
        overlay = Overlay(root, exclude=app.settings.exclude, scope=scope)
        document = _document(path, overlay.read(path))
        at = spec.range(document.text) or _start()
        where = _place(path, document, at, messages)
        request = _request(action, where, instruction or "")
        return carry_out(context, app, request, overlay, mode, consent)


def _find(actions: dict[str, Action], kind: str) -> Action:
    for action in actions.values():
        if kind in (action.name, action.kind):
            return action
    from difflib import get_close_matches

    close = get_close_matches(kind, actions, 1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    names = ", ".join(sorted(actions))
    raise click.UsageError(f"there is no action {kind!r}{hint} There are: {names}")


def _document(path: str, text: str) -> SyntaxDocument:
    from lsp_agent.syntax.document import SyntaxDocument

    return SyntaxDocument.read(path, text)


def _start() -> Range:
    from lsp_agent.workspace.positions import Position, Range

    return Range(Position(0, 0), Position(0, 0))


def _place(path: str, document: SyntaxDocument, at: Range, messages: tuple[str, ...]) -> Place:
    from lsp_agent.actions.spec import Place
    from lsp_agent.agent.types import DiagnosticNote
    from lsp_agent.cli.focus import syntax_notes

    notes: tuple[DiagnosticNote, ...] = tuple(DiagnosticNote(at, text) for text in messages)
    return Place(path, document, at, notes or syntax_notes(document, at))


def _request(action: Action, place: Place, instruction: str) -> RunRequest:
    """Turn the place into a task, as the editor does when its user picks the first offer."""
    if instruction:
        if action.name == "fix":
            raise click.UsageError("fix takes --message TEXT, not --instruction")
        return action.request(place, instruction)
    usable = [offer for offer in action.offers(place) if offer.disabled is None]
    if usable:
        return action.request(place, usable[0].argument)
    # Where nothing is offered the action itself says why.
    return action.request(place, "")
