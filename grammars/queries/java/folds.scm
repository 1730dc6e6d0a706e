[
  (block) (class_body) (interface_body) (enum_body) (annotation_type_body) (constructor_body) (switch_block)
  (switch_block_statement_group) (argument_list) (formal_parameters) (array_initializer) (element_value_array_initializer)
  (annotation_argument_list)
] @fold
(import_declaration) @fold.imports
[(line_comment) (block_comment)] @fold.comment
