(class_declaration name: (identifier) @name body: (_) @body) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name body: (_) @body) @definition.struct
(interface_declaration name: (identifier) @name body: (_) @body) @definition.interface
(enum_declaration name: (identifier) @name body: (_) @body) @definition.enum
(method_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_) @body) @definition.method
(constructor_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (_) @body) @definition.method
(namespace_declaration name: (_) @name body: (_) @body) @definition.module
