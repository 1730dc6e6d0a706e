(function_declaration name: (_) @name parameters: (parameters) @parameters body: (block)? @body) @definition.function
; A variable that is a function: the whole statement where it gives no other value.
(variable_declaration (assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (function_definition parameters: (_) @parameters body: (_)? @body) .))) @definition.function
(assignment_statement (variable_list . name: (dot_index_expression) @name .) (expression_list . value: (function_definition parameters: (_) @parameters body: (_)? @body) .)) @definition.function
