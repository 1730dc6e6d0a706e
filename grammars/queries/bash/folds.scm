[
  (function_definition) (compound_statement) (subshell) (do_group) (if_statement) (case_statement) (case_item) (array)
  (heredoc_body)
] @fold
((command name: (command_name (word) @_name)) @fold.imports (#any-of? @_name "source" "."))
(comment) @fold.comment
