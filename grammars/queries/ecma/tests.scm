; What jest, vitest and mocha collect; it.each(…)("…", …) too.
((call_expression
  function: [
    (identifier) @_runner
    (member_expression object: (identifier) @_runner)
    (call_expression function: (member_expression object: (identifier) @_runner))
  ]
  arguments: (arguments . [(string) (template_string)] @name [(arrow_function) (function_expression)])) @test
  (#any-of? @_runner "describe" "context" "suite" "it" "test" "specify" "fdescribe" "fit" "xdescribe" "xit" "xtest" "bench"))
