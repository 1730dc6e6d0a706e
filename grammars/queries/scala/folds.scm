[
  (template_body) (block) (function_definition) (arguments) (parameters) (class_parameters) (case_block) (case_clause)
  (namespace_selectors) (enum_body) (string)
] @fold
(import_declaration) @fold.imports
[(comment) (block_comment)] @fold.comment
