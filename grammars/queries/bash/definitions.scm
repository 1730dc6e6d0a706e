(function_definition name: (word) @name body: (_) @body) @definition.function
(program (declaration_command "readonly" (variable_assignment name: (variable_name) @name)) @definition.constant)
(program (declaration_command ["declare" "typeset"] (word) @_flags (variable_assignment name: (variable_name) @name) (#match? @_flags "^-[a-zA-Z]*r")) @definition.constant)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @definition.variable)
(program (variable_assignment name: (variable_name) @name) @definition.variable)
