[(identifier) (type_identifier) (field_identifier) (shorthand_field_identifier)] @reference
(call_expression function: [
  (identifier) @reference.call
  (scoped_identifier name: (identifier) @reference.call)
  (field_expression field: (field_identifier) @reference.call)
  (generic_function function: [
    (identifier) @reference.call
    (scoped_identifier name: (identifier) @reference.call)
    (field_expression field: (field_identifier) @reference.call)
  ])
])
(macro_invocation macro: [(identifier) @reference.call (scoped_identifier name: (identifier) @reference.call)])
; What is written in a macro's arguments is no tree.
(token_tree (identifier) @reference.call . (token_tree . "("))
(parameter pattern: (identifier) @declaration)
(closure_parameters [(identifier) @declaration (parameter pattern: (identifier) @declaration)])
(let_declaration pattern: [(identifier) @declaration (tuple_pattern (identifier) @declaration)])
(for_expression pattern: [(identifier) @declaration (tuple_pattern (identifier) @declaration)])
(type_parameter name: (type_identifier) @declaration)
(field_declaration name: (field_identifier) @declaration)
(enum_variant name: (identifier) @declaration)
(const_item name: (identifier) @declaration)
(static_item name: (identifier) @declaration)
(use_as_clause alias: (identifier) @declaration)
(lifetime (identifier) @none)
(label (identifier) @none)
(attribute (identifier) @none)
