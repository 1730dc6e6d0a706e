(class_declaration name: (_) @name body: (class_body) @body) @definition.class
(function_declaration name: (identifier) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.function
(generator_function_declaration name: (identifier) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.function
(method_definition name: (_) @name parameters: (formal_parameters) @parameters body: (statement_block) @body) @definition.method
(lexical_declaration (variable_declarator name: (identifier) @name value: (arrow_function parameters: (formal_parameters) @parameters body: (_) @body))) @definition.function
(lexical_declaration (variable_declarator name: (identifier) @name value: (function_expression parameters: (formal_parameters) @parameters body: (_) @body))) @definition.function
(abstract_class_declaration name: (_) @name body: (class_body) @body) @definition.class
(interface_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(enum_declaration name: (identifier) @name body: (enum_body) @body) @definition.enum
(type_alias_declaration name: (type_identifier) @name) @definition.type
