(function_declaration name: (identifier) @name parameters: (parameter_list) @parameters body: (block)? @body) @definition.function
; The receiver's type qualifies a method: (s *Shop), (b Box[T]).
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @scope
    (generic_type type: (_) @scope)
    (pointer_type [(type_identifier) @scope (generic_type type: (_) @scope)])
  ]))
  name: (field_identifier) @name parameters: (parameter_list) @parameters body: (block)? @body) @definition.method
(type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (type_identifier) @name type: (interface_type)) @definition.interface
(type_spec name: (type_identifier) @name) @definition.type
(type_alias name: (type_identifier) @name) @definition.type
(method_elem name: (field_identifier) @name parameters: (parameter_list) @parameters) @definition.method
(struct_type (field_declaration_list (field_declaration name: (field_identifier) @name) @definition.field))
(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))
