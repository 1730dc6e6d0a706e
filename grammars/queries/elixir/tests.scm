; What ExUnit collects.
((call target: (identifier) @_name (arguments . (string) @name) (do_block)) @test
  (#any-of? @_name "describe" "test" "property" "feature"))
((call target: (identifier) @_name (arguments . (alias) @name) (do_block)) @test.suite (#eq? @_name "defmodule"))
