"""Python across files: modules, light type inference, definitions and references.

Invariants: plain data from the syntax room only; a file is read when a question leads to it, and
nothing is kept between questions but what the project itself keeps.
"""
