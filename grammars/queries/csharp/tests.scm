; What xUnit, NUnit and MSTest collect.
((method_declaration
  (attribute_list (attribute name: [(identifier) @_name (qualified_name name: (identifier) @_name)]))
  name: (identifier) @name) @test
  (#any-of? @_name "Fact" "Theory" "Test" "TestCase" "TestMethod" "DataTestMethod"))
(class_declaration name: (identifier) @name) @test.suite
