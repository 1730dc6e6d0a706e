; PHPUnit, then Pest.
((method_declaration name: (name) @name) @test (#match? @name "^test"))
((method_declaration attributes: (attribute_list (attribute_group (attribute (name) @_name))) name: (name) @name) @test
  (#eq? @_name "Test"))
((comment) @_comment . (method_declaration name: (name) @name) @test (#match? @_comment "@test\\b"))
(class_declaration name: (name) @name) @test.suite
((function_call_expression function: (name) @_name arguments: (arguments . (argument [(string) (encapsed_string)] @name))) @test
  (#any-of? @_name "it" "test" "describe"))
