; @fold is a stretch of lines; .body begins where what stands before it ends. @fold.comment and
; @fold.imports that follow one another are one; @fold.region may be the mark of a region.
[
  (function_definition) (class_definition) (argument_list) (parameters) (list) (dictionary) (set)
  (tuple) (list_comprehension) (set_comprehension) (dictionary_comprehension)
  (generator_expression) (parenthesized_expression) (subscript) (string)
] @fold
(block) @fold.body
(match_statement body: (_) @fold.body)
(import_from_statement) @fold
[(import_statement) (import_from_statement) (future_import_statement)] @fold.imports
(comment) @fold.comment
