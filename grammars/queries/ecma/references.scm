; What JavaScript and TypeScript share.
[(identifier) (property_identifier) (private_property_identifier) (shorthand_property_identifier)] @reference
(call_expression function: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
(new_expression constructor: [(identifier) @reference.call (member_expression property: (_) @reference.call)])
