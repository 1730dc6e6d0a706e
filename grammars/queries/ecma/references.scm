; What JavaScript and TypeScript share.
[
  (identifier) (property_identifier) (private_property_identifier)
  (shorthand_property_identifier) (shorthand_property_identifier_pattern)
] @reference
(call_expression function: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
(new_expression constructor: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
(decorator [(identifier) @reference.call (call_expression function: (identifier) @reference.call)])
(arrow_function parameter: (identifier) @declaration)
(variable_declarator name: [
  (identifier) @declaration
  (array_pattern (identifier) @declaration)
  (object_pattern (pair_pattern value: (identifier) @declaration))
])
(catch_clause parameter: (identifier) @declaration)
(for_in_statement kind: _ left: (identifier) @declaration)
(method_definition name: (_) @declaration)
(import_specifier alias: (identifier) @declaration)
(namespace_import (identifier) @declaration)
