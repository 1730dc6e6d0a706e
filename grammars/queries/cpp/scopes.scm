; inherits: c
[(lambda_expression) (template_declaration)] @scope
[(for_range_loop) (catch_clause) (if_statement) (while_statement)] @scope.block
(function_definition declarator: (reference_declarator (function_declarator declarator: (identifier) @local.definition.function)))
(namespace_identifier) @local.other
(qualified_identifier name: (identifier) @local.other)
