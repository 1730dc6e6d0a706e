[
  (function_item) (block) (declaration_list) (field_declaration_list) (enum_variant_list) (match_block) (match_arm)
  (arguments) (parameters) (array_expression) (tuple_expression) (field_initializer_list)
  (use_list) (token_tree) (where_clause) (macro_definition) (raw_string_literal)
] @fold
[(use_declaration) (extern_crate_declaration)] @fold.imports
[(line_comment) (block_comment)] @fold.comment
