; @test.suite gives its name to the tests in it and is none itself.
((attribute_item (attribute [(identifier) @_name (scoped_identifier name: (identifier) @_name)]))
  . (attribute_item)* . (function_item name: (identifier) @name) @test
  (#any-of? @_name "test" "rstest" "bench" "test_case" "wasm_bindgen_test"))
(mod_item name: (identifier) @name body: (_)) @test.suite
