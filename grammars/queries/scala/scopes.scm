[(function_definition) (lambda_expression)] @scope
[(block) (for_expression) (case_clause)] @scope.block
[(class_definition) (object_definition) (trait_definition) (template_body)] @scope.members
(function_definition name: (identifier) @local.definition.function)
(class_definition name: (identifier) @local.definition.function)
(case_clause pattern: (identifier) @local.definition)
(typed_pattern pattern: (identifier) @local.definition)
(case_class_pattern pattern: (identifier) @local.definition)
(tuple_pattern (identifier) @local.definition)
(field_expression field: (identifier) @local.other)
(infix_expression operator: (identifier) @local.other)
