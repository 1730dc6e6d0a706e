; What pytest and unittest collect.
((module [(function_definition name: (identifier) @name) @test (decorated_definition (function_definition name: (identifier) @name) @test)])
  (#match? @name "^test"))
((class_definition body: (block [(function_definition name: (identifier) @name) @test (decorated_definition (function_definition name: (identifier) @name) @test)]))
  (#match? @name "^test"))
((class_definition name: (identifier) @name) @test (#match? @name "^Test"))
(class_definition name: (identifier) @name superclasses: (argument_list [
    (identifier) @_base
    (attribute attribute: (identifier) @_base)
  ]) (#match? @_base "TestCase$")) @test
