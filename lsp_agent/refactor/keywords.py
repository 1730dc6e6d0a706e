"""Who may pass a parameter by its name without writing it as a keyword of a call."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_agent.index.python.types import Declaration
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.names import Found, SymbolFinder, Use
from lsp_agent.syntax.python_model import BindingKind
from lsp_agent.syntax.tree import SyntaxNode, covering


def refuse_by_keyword(finder: SymbolFinder, found: Found) -> None:
    """Refuse another name for a parameter that a call passes with ``**``, or ``partial`` may."""
    for one in found.targets:
        for use in _uses(finder, one):
            document, start = finder.files.read(use.path), use.occurrence.start
            node = covering(document, start, start + 1) if document is not None else None
            if node is not None and _may_pass(node, found.name):
                place = finder.place(use.path, use.occurrence)
                raise RefusedError(f"the call at {place} may pass {found.name} by its name")


def _uses(finder: SymbolFinder, one: Declaration) -> Iterator[Use]:
    """Yield the uses of the function that a parameter belongs to, or of the classes it makes."""
    function, names = one.binding.function, finder.resolver.lookup.names(one.path)
    if one.binding.kind is not BindingKind.PARAMETER or function is None or names is None:
        return
    yield from finder.find(one.path, names.position(function.start), sure=False).uses
    klass = finder.members.enclosing(one.path, function.body)
    if klass is None or function.name != "__init__":
        return
    for each in (klass, *finder.descendants(klass)):
        names = finder.resolver.lookup.names(each.path)
        if names is not None:
            yield from finder.find(each.path, names.position(each.start), sure=False).uses


def _may_pass(node: SyntaxNode, name: str) -> bool:
    """Whether a function's name is called with ``**``, or given away along with such a keyword."""
    whole = node
    while whole.parent is not None and whole.parent.type == "attribute":
        whole = whole.parent
    above = whole.parent
    called = above is not None and above.type == "call" and whole.field == "function"
    call = above if called else whole.above("call") if _is_given(whole) else None
    listed = call.child("arguments") if call is not None else None
    for one in listed.parts if listed is not None else ():
        label = one.child("name") if one.type == "keyword_argument" else None
        keyword = label is not None and label.text == name and not called
        if one.type == "dictionary_splat" or keyword:
            return True
    return False


def _is_given(node: SyntaxNode) -> bool:
    return node.parent is not None and node.parent.type in ("argument_list", "keyword_argument")
