[(identifier) (type_identifier)] @reference
(call_expression function: [
  (identifier) @reference.call
  (field_expression field: (identifier) @reference.call)
  (generic_function function: [(identifier) @reference.call (field_expression field: (identifier) @reference.call)])
])
(instance_expression (type_identifier) @reference.call)
(infix_expression operator: (identifier) @reference.call)
(parameter name: (identifier) @declaration)
(class_parameter name: (identifier) @declaration)
(binding name: (identifier) @declaration)
(lambda_expression parameters: (identifier) @declaration)
(val_definition pattern: (identifier) @declaration)
(var_definition pattern: (identifier) @declaration)
(val_declaration name: (identifier) @declaration)
(enumerator . (identifier) @declaration)
(type_parameters name: (identifier) @declaration)
(arrow_renamed_identifier alias: (identifier) @declaration)
(package_identifier (identifier) @none)
