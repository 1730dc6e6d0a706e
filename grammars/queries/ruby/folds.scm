[
  (method) (singleton_method) (class) (singleton_class) (module) (do_block) (block) (if) (unless) (while) (until) (for)
  (case) (case_match) (when) (begin) (rescue) (ensure) (argument_list) (method_parameters) (array) (hash) (heredoc_body)
] @fold
((call method: (identifier) @_method !receiver arguments: (argument_list . (string))) @fold.imports
  (#any-of? @_method "require" "require_relative" "load"))
(comment) @fold.comment
