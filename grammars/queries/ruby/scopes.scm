[(method) (singleton_method) (class) (module)] @scope
[(block) (do_block) (lambda)] @scope.block
(assignment left: (identifier) @local.definition.var)
(operator_assignment left: (identifier) @local.definition.var)
(left_assignment_list (identifier) @local.definition.var)
(for pattern: (identifier) @local.definition.var)
(exception_variable (identifier) @local.definition.var)
(call method: (identifier) @local.other)
(method name: (identifier) @local.other)
[(constant) (instance_variable) (class_variable) (global_variable)] @local.other
