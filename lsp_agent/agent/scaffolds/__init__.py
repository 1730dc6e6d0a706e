"""New files by rule: types from JSON, and a web project's components, pages and routes.

Pure functions of texts; what a project does already is read first and followed.
"""
