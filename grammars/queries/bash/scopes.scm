; Only what is declared local is; all else is the script's.
(function_definition) @scope
(command_name (word) @local.other)
