(function_declaration name: (_) @name parameters: (parameters) @parameters body: (block)? @body) @definition.function
