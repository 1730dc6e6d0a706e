[(identifier) (type_identifier) (field_identifier)] @reference
(call_expression function: [(identifier) @reference.call (field_expression field: (field_identifier) @reference.call)])
; In C a declared name stands in the innermost declarator.
(_ declarator: [(identifier) (field_identifier) (type_identifier)] @declaration)
(preproc_def name: (identifier) @declaration)
(preproc_function_def name: (identifier) @declaration)
(preproc_params (identifier) @declaration)
(enumerator name: (identifier) @declaration)
