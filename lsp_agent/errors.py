"""The one root of errors that a person may read.

A room raises its own subclass. The message names the thing that is wrong and the mend, in one or
two plain sentences, so that the edges can show it as it is: on stderr, in a window message, or as
a JSON-RPC error without a traceback.
"""

from __future__ import annotations


class LspAgentError(Exception):
    """An expected failure; ``str(error)`` is fit to be shown to the user.

    ``code`` is a stable machine name (kebab-case) that reaches ``error`` events and JSON output.
    """

    code = "error"
