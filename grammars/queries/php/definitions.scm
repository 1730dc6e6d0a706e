(class_declaration name: (name) @name body: (declaration_list) @body) @definition.class
(interface_declaration name: (name) @name body: (declaration_list) @body) @definition.interface
(trait_declaration name: (name) @name body: (declaration_list) @body) @definition.class
(enum_declaration name: (name) @name body: (_) @body) @definition.enum
(function_definition name: (name) @name parameters: (formal_parameters) @parameters body: (compound_statement) @body) @definition.function
(method_declaration name: (name) @name parameters: (formal_parameters) @parameters body: (compound_statement)? @body) @definition.method
