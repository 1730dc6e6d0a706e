(class_declaration name: (identifier) @name body: (_) @body) @definition.class
(record_declaration name: (identifier) @name (parameter_list)? @parameters body: (_)? @body) @definition.class
(struct_declaration name: (identifier) @name body: (_) @body) @definition.struct
(interface_declaration name: (identifier) @name body: (_) @body) @definition.interface
(enum_declaration name: (identifier) @name body: (_) @body) @definition.enum
(delegate_declaration name: (identifier) @name parameters: (parameter_list) @parameters) @definition.type
(method_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_)? @body) @definition.method
(constructor_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_) @body) @definition.method
(local_function_statement name: (identifier) @name parameters: (parameter_list) @parameters body: (_) @body) @definition.function
(property_declaration name: (identifier) @name accessors: (_)? @body) @definition.property
(namespace_declaration name: (_) @name body: (_) @body) @definition.module
