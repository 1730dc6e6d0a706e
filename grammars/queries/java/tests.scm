; What JUnit and TestNG collect.
((method_declaration
  (modifiers (_ name: [(identifier) @_name (scoped_identifier name: (identifier) @_name)]))
  name: (identifier) @name) @test
  (#any-of? @_name "Test" "ParameterizedTest" "RepeatedTest" "TestFactory" "TestTemplate" "Property"))
(class_declaration name: (identifier) @name) @test.suite
