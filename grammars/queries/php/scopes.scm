; Only what has a mark is a variable.
(variable_name (name) @local.reference)
[(function_definition) (method_declaration) (anonymous_function) (arrow_function)] @scope
(assignment_expression left: [(variable_name (name) @local.definition) (list_literal (variable_name (name) @local.definition))])
(foreach_statement (variable_name (name) @local.definition))
(foreach_statement (pair (variable_name (name) @local.definition)))
(catch_clause name: (variable_name (name) @local.definition))
(static_variable_declaration name: (variable_name (name) @local.definition))
(global_declaration (variable_name (name) @local.outer))
(property_element name: (variable_name (name) @local.other))
((variable_name (name) @local.other) (#eq? @local.other "this"))
