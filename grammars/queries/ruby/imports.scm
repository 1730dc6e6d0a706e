((call method: (identifier) @_method arguments: (argument_list . (string) @import.module)) @import
  (#any-of? @_method "require" "require_relative" "load"))
