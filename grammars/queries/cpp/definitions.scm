(function_definition declarator: (function_declarator declarator: (identifier) @name parameters: (parameter_list) @parameters) body: (compound_statement) @body) @definition.function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name parameters: (parameter_list) @parameters)) body: (compound_statement) @body) @definition.function
(struct_specifier name: (type_identifier) @name body: (field_declaration_list) @body) @definition.struct
(enum_specifier name: (type_identifier) @name body: (enumerator_list) @body) @definition.enum
(class_specifier name: (_) @name body: (field_declaration_list) @body) @definition.class
(namespace_definition name: (_) @name body: (declaration_list) @body) @definition.module
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @name parameters: (parameter_list) @parameters) body: (compound_statement) @body) @definition.method
(function_definition declarator: (function_declarator declarator: (field_identifier) @name parameters: (parameter_list) @parameters) body: (compound_statement) @body) @definition.method
