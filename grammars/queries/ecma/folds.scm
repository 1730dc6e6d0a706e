; What JavaScript and TypeScript share.
[
  (statement_block) (class_body) (switch_body) (switch_case) (switch_default) (arguments) (formal_parameters)
  (array) (object) (object_pattern) (named_imports) (export_clause) (template_string) (parenthesized_expression)
] @fold
(import_statement) @fold.imports
(comment) @fold.comment
