; inherits: c
(class_specifier name: (_) @name body: (field_declaration_list) @body) @definition.class
(namespace_definition name: (_) @name body: (declaration_list) @body) @definition.namespace
(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.type
(field_declaration declarator: (function_declarator) @declarator) @definition.method
(field_declaration declarator: (pointer_declarator (function_declarator)) @declarator) @definition.method
(field_declaration declarator: (reference_declarator (function_declarator)) @declarator) @definition.method
(function_definition declarator: (_) @declarator [(default_method_clause) (delete_method_clause)]) @definition.function
; Constructors, destructors and conversions, which have no type.
(field_declaration_list (declaration declarator: [(function_declarator) (operator_cast)] @declarator) @definition.method)
(field_declaration_list (template_declaration (declaration declarator: (_) @declarator) @definition.method))
([
  (translation_unit (declaration declarator: (function_declarator declarator: (operator_name)) @declarator) @definition.function)
  (declaration_list (declaration declarator: (function_declarator declarator: (operator_name)) @declarator) @definition.function)
  (translation_unit (declaration declarator: (reference_declarator (function_declarator)) @declarator) @definition.function)
  (declaration_list (declaration declarator: (reference_declarator (function_declarator)) @declarator) @definition.function)
  (template_declaration (declaration declarator: [(function_declarator) (pointer_declarator) (reference_declarator)] @declarator) @definition.function)
  (template_declaration (declaration declarator: [(identifier) (init_declarator)] @declarator) @definition.variable)
])
