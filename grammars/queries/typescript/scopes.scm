; inherits: ecma
[(class_declaration) (interface_declaration) (type_alias_declaration) (function_type) (method_signature) (function_signature)] @scope
(class_declaration name: (_) @local.definition.function)
(optional_parameter pattern: (identifier) @local.definition)
