; inherits: ecma
(abstract_class_declaration name: (_) @name body: (class_body) @body) @definition.class
(interface_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(enum_declaration name: (identifier) @name body: (enum_body) @body) @definition.enum
(enum_body name: (_) @name @definition.enum_member)
(enum_body (enum_assignment name: (_) @name) @definition.enum_member)
(type_alias_declaration name: (type_identifier) @name) @definition.type
(internal_module name: (_) @name body: (_) @body) @definition.namespace
(module name: (_) @name body: (_) @body) @definition.module
(function_signature name: (identifier) @name parameters: (formal_parameters) @parameters) @definition.function
(method_signature name: (_) @name parameters: (formal_parameters) @parameters) @definition.method
(abstract_method_signature name: (_) @name parameters: (formal_parameters) @parameters) @definition.method
(public_field_definition name: (_) @name value: [(function_expression parameters: (_) @parameters body: (_) @body) (arrow_function parameters: (_) @parameters body: (_) @body)]) @definition.method
(public_field_definition name: (_) @name) @definition.property
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @definition.property
(interface_body (property_signature name: (_) @name) @definition.property)
