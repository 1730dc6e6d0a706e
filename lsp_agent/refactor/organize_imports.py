"""A file's imports, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from lsp_agent.refactor.change import Change
from lsp_agent.refactor.ecma_imports import ecma_edits
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.python_imports import python_edits
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.workspace.edits import TextEdit

_SOME = re.compile(r"^[ \t]*(?:from|import)\b", re.MULTILINE)
_TOP = 20_000
_EXPORTING = re.compile(r"(?:^|/)(?:__init__\.py|conftest\.py|[^/]+\.pyi)$")


def organize_imports(document: SyntaxDocument, path: str) -> list[Change]:
    """Offer to sort, merge and thin out the imports of a file, where it has any.

    Listing costs a search for the first import in 20,000 characters.
    """
    if document.language not in {"python", *ECMA} or not _SOME.search(
        document.text.content, 0, _TOP
    ):
        return []
    return [Change("Organize imports", partial(_edits, document, path))]


def _edits(document: SyntaxDocument, path: str) -> Sequence[TextEdit]:
    if document.errors(1):
        raise RefusedError("the file has a syntax error; mend that first")
    if document.language == "python":
        edits = python_edits(document, exports=_EXPORTING.search(path) is not None)
    else:
        edits = ecma_edits(document)
    if not edits:
        raise RefusedError("the imports are in order already")
    return edits
