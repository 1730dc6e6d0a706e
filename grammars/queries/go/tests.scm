((function_declaration name: (identifier) @name) @test
  (#match? @name "^(Test|Benchmark|Fuzz|Example)([^a-z]|$)"))
((call_expression
  function: (selector_expression field: (field_identifier) @_run)
  arguments: (argument_list . (interpreted_string_literal) @name . (func_literal))) @test (#eq? @_run "Run"))
