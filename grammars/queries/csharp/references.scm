(identifier) @reference
(invocation_expression function: [
  (identifier) @reference.call
  (generic_name (identifier) @reference.call)
  (member_access_expression name: [(identifier) @reference.call (generic_name (identifier) @reference.call)])
  (conditional_access_expression (member_binding_expression name: (identifier) @reference.call))
])
(object_creation_expression type: [
  (identifier) @reference.call
  (generic_name (identifier) @reference.call)
  (qualified_name name: (identifier) @reference.call)
])
(parameter name: (identifier) @declaration)
(parameter_list name: (identifier) @declaration)
(variable_declarator name: (identifier) @declaration)
(foreach_statement left: (identifier) @declaration)
(catch_declaration name: (identifier) @declaration)
(declaration_expression name: (identifier) @declaration)
(type_parameter name: (identifier) @declaration)
(enum_member_declaration name: (identifier) @declaration)
(using_directive name: (identifier) @declaration)
