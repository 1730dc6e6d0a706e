[(simple_identifier) (type_identifier)] @reference
(call_expression . [
  (simple_identifier) @reference.call
  (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.call))
])
(parameter external_name: (simple_identifier) @declaration)
(parameter name: (simple_identifier) @declaration)
(lambda_parameter name: (simple_identifier) @declaration)
(pattern bound_identifier: (simple_identifier) @declaration)
(type_parameter . (type_identifier) @declaration)
(enum_entry name: (simple_identifier) @declaration)
(class_declaration name: (type_identifier) @declaration)
(protocol_declaration name: (type_identifier) @declaration)
(function_declaration name: (simple_identifier) @declaration)
(protocol_function_declaration name: (simple_identifier) @declaration)
(typealias_declaration name: (type_identifier) @declaration)
