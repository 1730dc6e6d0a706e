[
  (function_declaration) (method_declaration) (block) (field_declaration_list) (interface_type) (import_spec_list)
  (const_declaration) (var_declaration) (type_declaration) (argument_list) (parameter_list) (literal_value)
  (expression_switch_statement) (type_switch_statement) (select_statement)
  (expression_case) (type_case) (communication_case) (default_case) (raw_string_literal)
] @fold
(import_declaration) @fold.imports
(comment) @fold.comment
