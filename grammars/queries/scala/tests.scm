; The styles of ScalaTest, and MUnit.
((call_expression
  function: (call_expression function: (identifier) @_name arguments: (arguments . (string) @name))
  arguments: (block)) @test
  (#any-of? @_name "test" "describe" "it" "they" "feature" "scenario" "property"))
((infix_expression left: (string) @name operator: (identifier) @_operator) @test
  (#any-of? @_operator "should" "must" "can" "when" "in"))
(class_definition name: (identifier) @name) @test.suite
