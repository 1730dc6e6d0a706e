(class_declaration declaration_kind: "struct" name: (_) @name body: (_) @body) @definition.struct
(class_declaration declaration_kind: "enum" name: (_) @name body: (_) @body) @definition.enum
(class_declaration declaration_kind: "extension" name: (_) @name body: (_) @body) @definition.implementation
(class_declaration name: (_) @name body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(function_declaration name: (simple_identifier) @name (parameter)* @parameters body: (_) @body) @definition.function
(function_declaration "func" . _ @name (parameter)* @parameters body: (_) @body (#match? @name "^[-+*/%=<>!&|^~?.]+$")) @definition.operator
(protocol_function_declaration name: (simple_identifier) @name (parameter)* @parameters) @definition.method
(init_declaration name: "init" @name (parameter)* @parameters body: (_)? @body) @definition.constructor
(deinit_declaration "deinit" @name body: (_) @body) @definition.method
(subscript_declaration "subscript" @name (parameter)* @parameters (computed_property)? @body) @definition.method
(class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @definition.property)
(enum_class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @definition.property)
(source_file (property_declaration (value_binding_pattern mutability: "let") name: (pattern bound_identifier: (_) @name)) @definition.constant)
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @definition.variable)
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @definition.property
(enum_entry name: (simple_identifier) @name) @definition.enum_member
(typealias_declaration . (modifiers)? . "typealias" . name: (type_identifier) @name) @definition.type
(associatedtype_declaration "associatedtype" . name: (type_identifier) @name) @definition.type
