"""Answer forms of the direct profile: what a small model is asked, and how its answer is read.

A form asks for a few lines that are inserted or replaced, never for code to copy. It is made from
a piece of a file; ``question`` is shown to the model, ``grammar`` bounds the answer, ``apply`` puts
it into the text. Forms are pure, and training makes its examples with them.
"""
