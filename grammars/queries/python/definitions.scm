; @definition.KIND is the whole definition, @name its name, @parameters and @body its parts.
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(function_definition name: (identifier) @name parameters: (parameters) @parameters body: (block) @body) @definition.function
