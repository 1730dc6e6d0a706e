; inherits: c
(class_specifier name: (_) @name body: (field_declaration_list) @body) @definition.class
(namespace_definition name: (_) @name body: (declaration_list) @body) @definition.namespace
(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.type
(field_declaration declarator: (function_declarator) @declarator) @definition.method
(field_declaration declarator: (pointer_declarator (function_declarator)) @declarator) @definition.method
(field_declaration declarator: (reference_declarator (function_declarator)) @declarator) @definition.method
