; What JUnit and kotlin.test collect.
((function_declaration
  (modifiers (annotation [(user_type (type_identifier) @_name) (constructor_invocation (user_type (type_identifier) @_name))]))
  . (simple_identifier) @name) @test
  (#any-of? @_name "Test" "ParameterizedTest" "RepeatedTest" "TestFactory"))
(class_declaration (type_identifier) @name) @test.suite
