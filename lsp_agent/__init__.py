"""lsp-agent: a language server whose backend is a coding agent on the user's own machine."""

__version__ = "0.1.0"
