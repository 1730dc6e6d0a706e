; inherits: c
(class_specifier name: (_) @name body: (field_declaration_list) @body) @definition.class
(namespace_definition name: (_) @name body: (declaration_list) @body) @definition.module
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @name parameters: (parameter_list) @parameters) body: (compound_statement) @body) @definition.method
(function_definition declarator: (function_declarator declarator: (field_identifier) @name parameters: (parameter_list) @parameters) body: (compound_statement) @body) @definition.method
