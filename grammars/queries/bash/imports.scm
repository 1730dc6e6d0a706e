((command name: (command_name (word) @_name) . argument: (_) @import.module) @import
  (#any-of? @_name "source" "."))
