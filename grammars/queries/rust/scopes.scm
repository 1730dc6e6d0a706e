[(function_item) (closure_expression) (struct_item) (enum_item) (trait_item) (impl_item)] @scope
[(block) (match_arm) (for_expression) (if_expression) (while_expression)] @scope.block
(function_item name: (identifier) @local.definition.function)
(tuple_struct_pattern type: (_) (identifier) @local.definition)
(tuple_pattern (identifier) @local.definition)
(slice_pattern (identifier) @local.definition)
(ref_pattern (identifier) @local.definition)
(mut_pattern (identifier) @local.definition)
(reference_pattern (identifier) @local.definition)
(captured_pattern . (identifier) @local.definition)
(field_pattern pattern: (identifier) @local.definition)
(field_pattern name: (shorthand_field_identifier) @local.definition)
(match_pattern . (identifier) @local.definition)
(let_condition pattern: (identifier) @local.definition)
(field_identifier) @local.other
(scoped_identifier name: (identifier) @local.other)
(macro_invocation macro: (identifier) @local.other)
(enum_variant name: (identifier) @local.other)
