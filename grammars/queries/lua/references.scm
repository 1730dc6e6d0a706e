(identifier) @reference
(function_call name: [
  (identifier) @reference.call
  (dot_index_expression field: (identifier) @reference.call)
  (method_index_expression method: (identifier) @reference.call)
])
(parameters name: (identifier) @declaration)
(variable_declaration (assignment_statement (variable_list name: (identifier) @declaration)))
(variable_declaration (variable_list name: (identifier) @declaration))
(for_generic_clause (variable_list name: (identifier) @declaration))
(for_numeric_clause name: (identifier) @declaration)
