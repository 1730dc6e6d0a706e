[
  (method_declaration) (constructor_declaration) (operator_declaration) (accessor_declaration)
  (local_function_statement) (lambda_expression) (anonymous_method_expression)
  (class_declaration) (struct_declaration) (interface_declaration) (record_declaration)
] @scope
[(block) (for_statement) (foreach_statement) (using_statement) (catch_clause) (switch_section) (switch_expression_arm)] @scope.block
(declaration_list) @scope.members
(implicit_parameter) @local.definition
(declaration_pattern name: (identifier) @local.definition)
(local_function_statement name: (identifier) @local.definition.function)
(member_access_expression name: (identifier) @local.other)
(member_binding_expression name: (identifier) @local.other)
(method_declaration name: (identifier) @local.other)
(argument name: (identifier) @local.other)
(initializer_expression (assignment_expression left: (identifier) @local.other))
(qualified_name name: (identifier) @local.other)
