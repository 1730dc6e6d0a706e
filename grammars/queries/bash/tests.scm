; bats, then shUnit2.
((command name: (command_name (word) @_name) . argument: [(string) (raw_string)] @name) @test (#eq? @_name "@test"))
((function_definition name: (word) @name) @test (#match? @name "^test"))
