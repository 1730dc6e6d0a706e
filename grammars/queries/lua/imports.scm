((function_call name: (identifier) @_name arguments: (arguments . (string) @import.module)) @import
  (#any-of? @_name "require" "dofile" "loadfile"))
((variable_declaration (assignment_statement
    (variable_list . name: (identifier) @import.alias .)
    (expression_list . value: (function_call name: (identifier) @_name) @import .)))
  (#eq? @_name "require"))
