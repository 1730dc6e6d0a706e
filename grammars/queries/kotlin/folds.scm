[
  (function_body) (class_body) (enum_class_body) (lambda_literal) (when_expression) (control_structure_body) (value_arguments)
  (function_value_parameters) (primary_constructor) (collection_literal)
] @fold
(import_header (identifier) @fold.imports)
[(line_comment) (multiline_comment)] @fold.comment
