; GoogleTest, then Catch2 and doctest.
((function_definition declarator: (function_declarator
  declarator: (identifier) @_macro
  parameters: (parameter_list
    . (parameter_declaration type: (type_identifier) @name)
    . (parameter_declaration type: (type_identifier) @name) .))) @test
  (#match? @_macro "^(TYPED_)?TEST(_[FP])?$"))
((call_expression function: (identifier) @_macro arguments: (argument_list . (string_literal) @name)) @test
  (#any-of? @_macro "TEST_CASE" "SCENARIO" "SECTION" "SUBCASE" "TEMPLATE_TEST_CASE"))
