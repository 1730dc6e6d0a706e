[(function_declaration) (function_definition)] @scope
[(block) (for_statement)] @scope.block
(function_declaration name: (identifier) @local.definition.function)
(dot_index_expression field: (identifier) @local.other)
(method_index_expression method: (identifier) @local.other)
(field name: (identifier) @local.other)
