[
  (compound_statement) (declaration_list) (enum_declaration_list) (match_block) (switch_block) (arguments) (formal_parameters)
  (array_creation_expression) (namespace_use_group) (heredoc_body)
] @fold
(namespace_use_declaration) @fold.imports
(comment) @fold.comment
