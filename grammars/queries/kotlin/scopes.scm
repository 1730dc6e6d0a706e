[(function_declaration) (anonymous_function) (lambda_literal) (secondary_constructor) (getter) (setter)] @scope
[(control_structure_body) (for_statement) (catch_block) (when_entry)] @scope.block
[(class_declaration) (object_declaration) (class_body)] @scope.members
(function_declaration (simple_identifier) @local.definition.function)
(class_declaration (type_identifier) @local.definition.function)
(navigation_suffix (simple_identifier) @local.other)
(value_argument . (simple_identifier) @local.other "=")
