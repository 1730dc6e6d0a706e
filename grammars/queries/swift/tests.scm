; XCTest, then Swift Testing.
((class_declaration (inheritance_specifier) body: (class_body (function_declaration name: (simple_identifier) @name) @test))
  (#match? @name "^test"))
((function_declaration (modifiers (attribute (user_type (type_identifier) @_name))) name: (simple_identifier) @name) @test
  (#eq? @_name "Test"))
(class_declaration name: (type_identifier) @name) @test.suite
