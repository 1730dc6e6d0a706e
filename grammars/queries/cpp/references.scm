; inherits: c
(namespace_identifier) @reference
(call_expression function: [
  (qualified_identifier name: [(identifier) @reference.call (template_function name: (identifier) @reference.call)])
  (template_function name: (identifier) @reference.call)
  (field_expression field: (template_method name: (field_identifier) @reference.call))
])
(new_expression type: [(type_identifier) @reference.call (template_type name: (type_identifier) @reference.call)])
(reference_declarator (identifier) @declaration)
(structured_binding_declarator (identifier) @declaration)
(type_parameter_declaration (type_identifier) @declaration)
