"""Refactorings that the syntax tree alone decides: a document and a range in, edits out.

Pure functions without I/O and without a model. What would change a program's meaning, or might, is
refused with a reason.
"""
