[(function_declaration) (init_declaration) (lambda_literal) (computed_property)] @scope
[(for_statement) (if_statement) (while_statement) (switch_entry) (catch_block) (do_statement)] @scope.block
[(class_declaration) (class_body) (protocol_declaration)] @scope.members
(function_declaration name: (simple_identifier) @local.definition.function)
(class_declaration name: (type_identifier) @local.definition.function)
(if_statement bound_identifier: (simple_identifier) @local.definition)
(guard_statement bound_identifier: (simple_identifier) @local.definition)
(navigation_suffix suffix: (simple_identifier) @local.other)
(value_argument_label (simple_identifier) @local.other)
(parameter external_name: (simple_identifier) @local.other)
