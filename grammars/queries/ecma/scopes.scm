; What JavaScript and TypeScript share.
[
  (function_declaration) (function_expression) (generator_function)
  (generator_function_declaration) (arrow_function) (method_definition)
] @scope
[(statement_block) (for_statement) (for_in_statement) (catch_clause) (switch_body)] @scope.block
(function_declaration name: (identifier) @local.definition.function)
(generator_function_declaration name: (identifier) @local.definition.function)
(class_declaration name: (_) @local.definition)
(variable_declaration (variable_declarator name: (identifier) @local.definition.var))
(shorthand_property_identifier_pattern) @local.definition
(array_pattern (identifier) @local.definition)
(rest_pattern (identifier) @local.definition)
(assignment_pattern left: (identifier) @local.definition)
(pair_pattern value: (identifier) @local.definition)
(import_specifier name: (identifier) @local.definition !alias)
(import_clause (identifier) @local.definition)
[(property_identifier) (private_property_identifier)] @local.other
