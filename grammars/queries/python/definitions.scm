; @definition.KIND is the whole definition; @name its name, or @declarator what holds it in C;
; @scope what qualifies the name; @parameters and @body its parts; @section marks one that reaches
; to the next of its rank. Where two patterns match one node, the first one says what it is; a
; definition without a @name is called by its signature. Documentation is found beside the node,
; not by the query.
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(function_definition name: (identifier) @name parameters: (parameters) @parameters body: (block) @body) @definition.function
(type_alias_statement left: (type (identifier) @name)) @definition.type
(type_alias_statement left: (type (generic_type (identifier) @name))) @definition.type
([
  (module (assignment left: (identifier) @name) @definition.variable)
  (module (assignment left: (pattern_list [(identifier) @name (tuple_pattern (identifier) @name)])) @definition.variable)
  (module (assignment right: (assignment left: (identifier) @name)) @definition.variable)
  ; What depends on the platform, or on what is installed.
  (module (if_statement (block (assignment left: (identifier) @name) @definition.variable)))
  (module (if_statement (_ (block (assignment left: (identifier) @name) @definition.variable))))
  (module (try_statement (block (assignment left: (identifier) @name) @definition.variable)))
  (module (try_statement (_ (block (assignment left: (identifier) @name) @definition.variable))))
])
(class_definition body: (block (assignment left: (identifier) @name) @definition.field))
(class_definition body: (block (assignment left: (pattern_list (identifier) @name)) @definition.field))
