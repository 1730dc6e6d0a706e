; What the runners of Unity, cmocka and others are given.
((function_definition declarator: (function_declarator declarator: (identifier) @name)) @test
  (#match? @name "^test_"))
