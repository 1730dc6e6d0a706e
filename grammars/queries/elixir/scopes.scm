((call target: (identifier) @_name (arguments)) @scope
  (#any-of? @_name "def" "defp" "defmacro" "defmacrop" "test" "setup"))
(stab_clause) @scope
(binary_operator left: (identifier) @local.definition operator: "=")
(call target: (identifier) @local.other)
(dot right: (identifier) @local.other)
(alias) @local.other
