; What busted collects.
((function_call name: (identifier) @_name arguments: (arguments . (string) @name (function_definition))) @test
  (#any-of? @_name "describe" "context" "insulate" "expose" "it" "spec" "test"))
