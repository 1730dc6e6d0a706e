[(identifier) (type_identifier)] @reference
(method_invocation name: (identifier) @reference.call)
(object_creation_expression type: [
  (type_identifier) @reference.call
  (generic_type . (type_identifier) @reference.call)
  (scoped_type_identifier (type_identifier) @reference.call .)
])
(formal_parameter name: (identifier) @declaration)
(catch_formal_parameter name: (identifier) @declaration)
(lambda_expression parameters: [(identifier) @declaration (inferred_parameters (identifier) @declaration)])
(variable_declarator name: (identifier) @declaration)
(enhanced_for_statement name: (identifier) @declaration)
(resource name: (identifier) @declaration)
(type_parameter (type_identifier) @declaration)
(enum_constant name: (identifier) @declaration)
