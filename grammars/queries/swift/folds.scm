[
  (function_declaration) (init_declaration) (class_body) (enum_class_body) (protocol_body) (lambda_literal) (if_statement) (for_statement) (while_statement)
  (guard_statement) (switch_statement) (switch_entry) (do_statement) (value_arguments) (array_literal) (dictionary_literal)
  (computed_property)
] @fold
(import_declaration) @fold.imports
[(comment) (multiline_comment)] @fold.comment
