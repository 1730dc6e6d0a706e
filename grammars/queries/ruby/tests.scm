; Minitest and test-unit, then RSpec.
((class body: (body_statement (method name: (identifier) @name) @test)) (#match? @name "^test_"))
(class name: (_) @name superclass: (_)) @test.suite
((call method: (identifier) @_method arguments: (argument_list . (_) @name) block: (_)) @test
  (#any-of? @_method "describe" "context" "feature" "it" "specify" "example" "scenario" "test" "should"))
