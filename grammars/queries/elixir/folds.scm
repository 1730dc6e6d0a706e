(call (do_block)) @fold
[(anonymous_function) (list) (map) (tuple) (arguments) (stab_clause) (string)] @fold
((call target: (identifier) @_name) @fold.imports (#any-of? @_name "alias" "import" "require" "use"))
(comment) @fold.comment
