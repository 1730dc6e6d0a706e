(function_definition declarator: (_) @declarator body: (compound_statement) @body) @definition.function
(struct_specifier name: (_) @name body: (field_declaration_list) @body) @definition.struct
(union_specifier name: (_) @name body: (field_declaration_list) @body) @definition.struct
(enum_specifier name: (_) @name body: (enumerator_list) @body) @definition.enum
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(enumerator name: (identifier) @name) @definition.enum_member
(field_declaration declarator: [
    (field_identifier)
    (pointer_declarator declarator: [(field_identifier) (array_declarator) (pointer_declarator)])
    (array_declarator)
    (function_declarator declarator: (parenthesized_declarator))
    (pointer_declarator declarator: (function_declarator declarator: (parenthesized_declarator)))
  ] @declarator) @definition.field
(type_definition declarator: [
    (type_identifier) (pointer_declarator) (array_declarator) (function_declarator)
  ] @declarator) @definition.type
(preproc_def name: (identifier) @name) @definition.constant
(preproc_function_def name: (identifier) @name parameters: (_) @parameters) @definition.function
; Declarations outside of functions.
[
  (translation_unit (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (declaration_list (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (linkage_specification (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (preproc_ifdef (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (preproc_if (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (preproc_else (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
  (preproc_elif (declaration declarator: [
      (function_declarator declarator: (identifier))
      (pointer_declarator declarator: (function_declarator declarator: (identifier)))
      (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier))))
    ] @declarator) @definition.function)
]
([
  (translation_unit (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (declaration_list (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (linkage_specification (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (preproc_ifdef (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (preproc_if (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (preproc_else (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
  (preproc_elif (declaration declarator: [
      (identifier) (init_declarator) (array_declarator) (pointer_declarator)
      (function_declarator declarator: (parenthesized_declarator))
    ] @declarator) @definition.variable)
]
; Behind a macro a keyword is taken for a name.
(#not-match? @declarator "^(?:struct|enum|union)$"))
