; What JavaScript and TypeScript share.
(class_declaration name: (_) @name body: (class_body) @body) @definition.class
(function_declaration name: (identifier) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.function
(generator_function_declaration name: (identifier) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.function
(method_definition name: (property_identifier) @name parameters: (formal_parameters) @parameters body: (statement_block) @body (#eq? @name "constructor")) @definition.constructor
(method_definition name: (_) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.method
; A constant that is a function: the whole statement where it declares nothing else.
(lexical_declaration . (variable_declarator name: (identifier) @name value: (arrow_function parameters: (formal_parameters)? @parameters parameter: (_)? @parameters body: (_) @body)) .) @definition.function
(lexical_declaration . (variable_declarator name: (identifier) @name value: [(function_expression parameters: (_) @parameters body: (_) @body) (generator_function parameters: (_) @parameters body: (_) @body)]) .) @definition.function
(lexical_declaration . (variable_declarator name: (identifier) @name value: (class body: (class_body) @body)) .) @definition.class
(variable_declaration . (variable_declarator name: (identifier) @name value: (function_expression parameters: (_) @parameters body: (_) @body)) .) @definition.function
; What hangs on a constructor, or on its prototype.
((expression_statement (assignment_expression left: (member_expression object: [(identifier) @scope (member_expression object: (identifier) @scope property: (property_identifier) @_prototype)] property: (property_identifier) @name) right: [(function_expression parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)])) @definition.function
  (#not-match? @scope "^(?:exports|module|window|self|globalThis)$") (#eq? @_prototype "prototype"))
(expression_statement (assignment_expression left: (member_expression property: (property_identifier) @name) right: [(function_expression parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)])) @definition.function
(pair key: (property_identifier) @name value: [(function_expression parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)]) @definition.method
; A named function handed on, as in memo(function Row() {}).
(arguments (function_expression name: (identifier) @name parameters: (_) @parameters body: (_) @body) @definition.function)
; Other variables, where the whole file sees them.
(program (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name)) @definition.constant)
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(export_statement (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name)) @definition.constant)
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(export_statement (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
