(function_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (block) @body) @definition.function
(method_declaration name: (field_identifier) @name parameters: (parameter_list) @parameters body: (block) @body) @definition.method
(type_declaration (type_spec name: (type_identifier) @name type: (struct_type) @body)) @definition.struct
(type_declaration (type_spec name: (type_identifier) @name type: (interface_type) @body)) @definition.interface
