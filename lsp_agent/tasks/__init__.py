"""Tasks that a model is measured on: given to the real server, judged by tests it never sees."""
