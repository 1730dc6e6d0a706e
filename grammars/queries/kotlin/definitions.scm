(class_declaration "interface" (type_identifier) @name (class_body)? @body) @definition.interface
(class_declaration "enum" (type_identifier) @name (primary_constructor)? @parameters (enum_class_body)? @body) @definition.enum
(class_declaration (type_identifier) @name (primary_constructor)? @parameters (class_body)? @body) @definition.class
(object_declaration (type_identifier) @name (class_body)? @body) @definition.object
(companion_object (type_identifier) @name (class_body)? @body) @definition.object
(companion_object "companion" @name (class_body)? @body) @definition.object
(enum_entry (simple_identifier) @name (class_body)? @body) @definition.enum_member
; An extension is qualified by what it extends.
(function_declaration receiver: (receiver_type (user_type (type_identifier) @scope)) (simple_identifier) @name (function_value_parameters) @parameters (function_body)? @body) @definition.function
(function_declaration (simple_identifier) @name (function_value_parameters) @parameters (function_body)? @body) @definition.function
(secondary_constructor "constructor" @name (function_value_parameters) @parameters) @definition.constructor
(primary_constructor (class_parameter (binding_pattern_kind) (simple_identifier) @name) @definition.property)
(property_declaration (modifiers (property_modifier) @_const) (variable_declaration (simple_identifier) @name) (#eq? @_const "const")) @definition.constant
(class_body (property_declaration (variable_declaration (simple_identifier) @name)) @definition.property)
(enum_class_body (property_declaration (variable_declaration (simple_identifier) @name)) @definition.property)
(source_file (property_declaration receiver: (receiver_type (user_type (type_identifier) @scope)) (variable_declaration (simple_identifier) @name)) @definition.property)
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @definition.variable)
(type_alias . "typealias" . (type_identifier) @name) @definition.type
