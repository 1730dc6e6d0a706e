((call target: (identifier) @_name (arguments . (alias) @import.module)) @import
  (#any-of? @_name "alias" "import" "require" "use"))
((call target: (identifier) @_name (arguments . (alias) (keywords (pair key: (keyword) @_as value: (alias) @import.alias)))) @import
  (#any-of? @_name "alias" "require") (#match? @_as "^as:"))
; The members of a list begin with what stands before it.
((call target: (identifier) @_name (arguments . (dot left: (alias) @import.prefix right: (tuple) @import.group)))
  (#any-of? @_name "alias" "import" "require" "use"))
((call target: (identifier) @_name (arguments . (dot right: (tuple (alias) @import.module @import))))
  (#any-of? @_name "alias" "import" "require" "use"))
