(namespace_declaration name: (_) @name body: (_) @body) @definition.namespace
(file_scoped_namespace_declaration name: (_) @name) @definition.namespace @section
(class_declaration name: (identifier) @name body: (_)? @body) @definition.class
(record_declaration name: (identifier) @name (parameter_list)? @parameters body: (_)? @body) @definition.class
(struct_declaration name: (identifier) @name body: (_)? @body) @definition.struct
(interface_declaration name: (identifier) @name body: (_)? @body) @definition.interface
(enum_declaration name: (identifier) @name body: (_) @body) @definition.enum
(enum_member_declaration name: (identifier) @name) @definition.enum_member
(delegate_declaration name: (identifier) @name parameters: (parameter_list) @parameters) @definition.type
(method_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_)? @body) @definition.method
(constructor_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_)? @body) @definition.constructor
(destructor_declaration "~" @name name: (identifier) @name parameters: (parameter_list) @parameters body: (_)? @body) @definition.method
(operator_declaration operator: _ @name parameters: (parameter_list) @parameters body: (_)? @body) @definition.operator
(indexer_declaration "this" @name parameters: (_) @parameters accessors: (_)? @body) @definition.property
(local_function_statement name: (identifier) @name parameters: (parameter_list) @parameters body: (_) @body) @definition.function
(property_declaration name: (identifier) @name accessors: (_)? @body) @definition.property
(event_declaration name: (identifier) @name accessors: (_)? @body) @definition.event
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.event
(field_declaration (modifier "const") (variable_declaration (variable_declarator name: (identifier) @name))) @definition.constant
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field
