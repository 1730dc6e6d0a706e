(package_clause name: (_) @name body: (_) @body) @definition.namespace
(package_object name: (_) @name body: (_)? @body) @definition.object
(class_definition name: (_) @name (class_parameters)* @parameters body: (_)? @body) @definition.class
(trait_definition name: (_) @name body: (_)? @body) @definition.interface
(object_definition name: (_) @name body: (_)? @body) @definition.object
(enum_definition name: (_) @name (class_parameters)* @parameters body: (_) @body) @definition.enum
(simple_enum_case name: (_) @name) @definition.enum_member
(full_enum_case name: (_) @name (class_parameters)* @parameters) @definition.enum_member
(function_definition name: (identifier) @name (parameters)* @parameters body: (_)? @body (#eq? @name "this")) @definition.constructor
(function_definition name: (_) @name (parameters)* @parameters body: (_)? @body) @definition.function
(function_declaration name: (_) @name (parameters)* @parameters) @definition.function
(given_definition name: (_) @name) @definition.variable
(type_definition name: (_) @name) @definition.type
(template_body [(val_definition pattern: (identifier) @name) (val_definition pattern: (identifiers (identifier) @name)) (val_declaration name: (_) @name)] @definition.property)
(template_body [(var_definition pattern: (identifier) @name) (var_declaration name: (_) @name)] @definition.property)
(compilation_unit (val_definition pattern: (identifier) @name) @definition.constant)
(compilation_unit (var_definition pattern: (identifier) @name) @definition.variable)
(class_parameter "val" name: (_) @name) @definition.property
(class_parameter "var" name: (_) @name) @definition.property
