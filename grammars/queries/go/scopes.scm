[(function_declaration) (method_declaration) (func_literal) (type_declaration)] @scope
[
  (block) (if_statement) (for_statement) (expression_switch_statement) (type_switch_statement)
  (expression_case) (type_case) (default_case) (communication_case)
] @scope.block
(type_switch_statement alias: (expression_list (identifier) @local.definition))
[(field_identifier) (package_identifier)] @local.other
(keyed_element key: (literal_element (identifier) @local.other))
