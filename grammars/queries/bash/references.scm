(variable_name) @reference
(command_name (word) @reference @reference.call)
(declaration_command (variable_assignment name: (variable_name) @declaration))
(declaration_command (variable_name) @declaration)
(for_statement variable: (variable_name) @declaration)
((simple_expansion (variable_name) @none) (#match? @none "^[0-9]"))
((expansion (variable_name) @none) (#match? @none "^[0-9]"))
((command_name (word) @none) (#match? @none "^[^A-Za-z_]"))
