"""How the embedded model is made: corpus, tokenizer, examples, training, export, evaluation.

A development tool: nothing of it is in the wheel. See ``training/README.md``.
"""
