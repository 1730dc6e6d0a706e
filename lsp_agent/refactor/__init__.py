"""Refactorings by rule: a place in a document, or in all files, in; edits out.

Pure functions without I/O and without a model. What would change a program's meaning, or might, is
refused with a reason.
"""
