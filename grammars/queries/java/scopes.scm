[(method_declaration) (constructor_declaration) (compact_constructor_declaration) (lambda_expression) (class_declaration) (interface_declaration) (record_declaration)] @scope
[(block) (constructor_body) (for_statement) (enhanced_for_statement) (catch_clause) (try_with_resources_statement) (switch_block_statement_group) (switch_rule)] @scope.block
[(class_body) (interface_body) (enum_body)] @scope.members
(field_access field: (identifier) @local.other)
(method_invocation name: (identifier) @local.other)
(method_reference (_) (identifier) @local.other)
(element_value_pair key: (identifier) @local.other)
(method_declaration name: (identifier) @local.other)
(scoped_identifier name: (identifier) @local.other)
(type_pattern (identifier) @local.definition)
(instanceof_expression name: (identifier) @local.definition)
