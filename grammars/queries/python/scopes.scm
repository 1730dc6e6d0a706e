; For the uses of a local name: @scope holds names, @scope.members too, but shows them to nothing
; inside functions in it. @local.definition binds in the innermost scope, .function in the one
; around it, .var in the innermost that is no @scope.block. What references.scm calls a
; @declaration binds like @local.definition. @local.other is no variable: an attribute, a keyword.
; @local.outer says that a scope's name is one of a scope around it.
[
  (function_definition) (lambda) (list_comprehension) (set_comprehension)
  (dictionary_comprehension) (generator_expression)
] @scope
(class_definition body: (block) @scope.members)
(function_definition name: (identifier) @local.definition.function)
(class_definition name: (identifier) @local.definition)
(assignment left: [
  (identifier) @local.definition
  (pattern_list [(identifier) @local.definition (tuple_pattern (identifier) @local.definition)])
  (tuple_pattern (identifier) @local.definition)
  (list_pattern (identifier) @local.definition)
])
(augmented_assignment left: (identifier) @local.definition)
(named_expression name: (identifier) @local.definition)
(for_statement left: [
  (identifier) @local.definition
  (pattern_list [(identifier) @local.definition (tuple_pattern (identifier) @local.definition)])
  (tuple_pattern (identifier) @local.definition)
])
(for_in_clause left: [
  (identifier) @local.definition
  (pattern_list [(identifier) @local.definition (tuple_pattern (identifier) @local.definition)])
  (tuple_pattern (identifier) @local.definition)
])
(as_pattern_target [(identifier) @local.definition (tuple (identifier) @local.definition)])
(import_statement name: (dotted_name . (identifier) @local.definition))
(import_from_statement name: (dotted_name (identifier) @local.definition))
(case_pattern (dotted_name . (identifier) @local.definition .))
(global_statement (identifier) @local.outer)
(nonlocal_statement (identifier) @local.outer)
(attribute attribute: (identifier) @local.other)
(keyword_argument name: (identifier) @local.other)
(import_from_statement module_name: (_ (identifier) @local.other))
(import_from_statement (aliased_import name: (dotted_name (identifier) @local.other)))
