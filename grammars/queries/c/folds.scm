[
  (function_definition) (compound_statement) (field_declaration_list) (enumerator_list) (initializer_list) (argument_list)
  (parameter_list) (case_statement) (preproc_if) (preproc_ifdef) (preproc_function_def) (preproc_def)
] @fold
(preproc_include) @fold.imports
(comment) @fold.comment
