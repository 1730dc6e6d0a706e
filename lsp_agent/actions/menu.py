"""Which offers a menu shows where there are more than anyone reads."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.actions.spec import Action, Offer, Place, Spot

MOST = 8
"""The most offers at one place, besides quick fixes, unless a kind is asked for."""

Row = tuple[Action, Offer]


def spot_of(place: Place) -> Spot:
    """Return where a user stands: on selected text, on a definition's first lines, or elsewhere."""
    if not place.range.empty:
        return "selection"
    symbol = place.document.enclosing(place.range.start)
    if symbol is None:
        return "body"
    head = symbol.signature_range
    on_head = symbol.range.start.line <= place.range.start.line <= head.end.line
    return "name" if on_head else "body"


def shortlist(rows: Sequence[Row], spot: Spot, most: int = MOST) -> list[Row]:
    """Return the offers that a menu without a filter shows, in the order in which they came.

    Quick fixes are always among them. Of the others those come first that can be run, that are
    preferred, that are about the place and not the whole file, and whose action suits the spot.
    """
    ranked = sorted(range(len(rows)), key=lambda at: _rank(rows[at], spot))
    fixes = {at for at, (action, _) in enumerate(rows) if _is_fix(action)}
    kept = fixes.union([at for at in ranked if at not in fixes][:most])
    return [row for at, row in enumerate(rows) if at in kept]


def _rank(row: Row, spot: Spot) -> tuple[bool, bool, bool, bool]:
    action, offer = row
    about_file = action.kind.startswith("source.")
    return (
        offer.disabled is not None,
        not offer.preferred,
        about_file and spot not in action.suits,
        spot not in action.suits,
    )


def _is_fix(action: Action) -> bool:
    return action.kind.startswith("quickfix")
