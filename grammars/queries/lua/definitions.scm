(function_declaration name: (_) @name parameters: (parameters) @parameters body: (block)? @body) @definition.function
; A variable that is a function: the whole statement where it gives no other value.
(variable_declaration (assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (function_definition parameters: (_) @parameters body: (_)? @body) .))) @definition.function
(assignment_statement (variable_list . name: (dot_index_expression) @name .) (expression_list . value: (function_definition parameters: (_) @parameters body: (_)? @body) .)) @definition.function
(chunk (assignment_statement (variable_list . name: (identifier) @name .) (expression_list . value: (function_definition parameters: (_) @parameters body: (_)? @body) .)) @definition.function)
(field name: (identifier) @name value: (function_definition parameters: (_) @parameters body: (_)? @body)) @definition.method
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @definition.variable)
(chunk (assignment_statement (variable_list name: (identifier) @name)) @definition.variable)
(chunk (assignment_statement (variable_list name: (dot_index_expression) @name)) @definition.field)
(chunk (variable_declaration (assignment_statement (expression_list value: (table_constructor (field name: (identifier) @name) @definition.field)))))
(chunk (assignment_statement (expression_list value: (table_constructor (field name: (identifier) @name) @definition.field))))
