; inherits: ecma
(field_definition property: (_) @name value: [(function_expression parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)]) @definition.method
(field_definition property: (_) @name) @definition.property
