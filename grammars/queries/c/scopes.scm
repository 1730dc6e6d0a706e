[(function_definition) (preproc_function_def)] @scope
[(compound_statement) (for_statement)] @scope.block
(function_definition declarator: (function_declarator declarator: (identifier) @local.definition.function))
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @local.definition.function)))
(preproc_function_def name: (identifier) @local.definition.function)
(field_identifier) @local.other
