; inherits: ecma
(type_identifier) @reference
(required_parameter pattern: [(identifier) @declaration (rest_pattern (identifier) @declaration)])
(optional_parameter pattern: (identifier) @declaration)
(type_parameter name: (type_identifier) @declaration)
(public_field_definition name: (_) @declaration)
(property_signature name: (_) @declaration)
(enum_body [(property_identifier) @declaration (enum_assignment name: (_) @declaration)])
