[(simple_identifier) (type_identifier) (interpolated_identifier)] @reference
(call_expression . [
  (simple_identifier) @reference.call
  (navigation_expression (navigation_suffix (simple_identifier) @reference.call) .)
])
(constructor_invocation (user_type (type_identifier) @reference.call))
(parameter . (simple_identifier) @declaration)
(class_parameter (simple_identifier) @declaration . (_) .)
(variable_declaration . (simple_identifier) @declaration)
(type_parameter (type_identifier) @declaration)
(enum_entry (simple_identifier) @declaration)
(catch_block (simple_identifier) @declaration)
(import_alias (type_identifier) @declaration)
(package_header (identifier (simple_identifier) @none))
(class_declaration (type_identifier) @declaration)
(object_declaration (type_identifier) @declaration)
(function_declaration (simple_identifier) @declaration)
(type_alias (type_identifier) @declaration)
