; @definition.KIND is the whole definition; @name its name, or @declarator what holds it in C;
; @scope what qualifies the name; @parameters and @body its parts. Where two patterns match one
; node, the first one says what it is. Documentation is found beside the node, not by the query.
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(function_definition name: (identifier) @name parameters: (parameters) @parameters body: (block) @body) @definition.function
