(function_definition declarator: (_) @declarator body: (compound_statement) @body) @definition.function
(struct_specifier name: (_) @name body: (field_declaration_list) @body) @definition.struct
(union_specifier name: (_) @name body: (field_declaration_list) @body) @definition.struct
(enum_specifier name: (_) @name body: (enumerator_list) @body) @definition.enum
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(enumerator name: (identifier) @name) @definition.enum_member
(field_declaration declarator: [
    (field_identifier)
    (pointer_declarator declarator: [(field_identifier) (array_declarator) (pointer_declarator)])
    (array_declarator)
  ] @declarator) @definition.field
(type_definition declarator: (type_identifier) @name) @definition.type
(preproc_def name: (identifier) @name) @definition.constant
(preproc_function_def name: (identifier) @name parameters: (_) @parameters) @definition.function
